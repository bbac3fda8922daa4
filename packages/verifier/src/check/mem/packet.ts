import { EACCES, EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_PROG_TYPE_CGROUP_SOCKOPT } from "@bpf-ts/uapi/prog-types";
import { reject } from "../../reject.ts";
import { type Env, reg } from "../../state/env.ts";
import { checkFixedAccess } from "./region.ts";

/**
 * May programs of this type access packet data directly?
 *
 * @see v6.18 kernel/bpf/verifier.c, may_access_direct_pkt_data
 */
export function mayAccessPacket(env: Env, write: boolean): boolean {
  const { progType } = env;
  if (env.facts.progType === BPF_PROG_TYPE_CGROUP_SOCKOPT) {
    if (write) env.seenDirectWrite = true;
    return true;
  }
  if ((write ? progType.pktWrite : progType.pktRead) !== true) return false;
  env.seenDirectWrite = true;
  return true;
}

/** The access lies in what the packet was found to reach to. @see v6.18 kernel/bpf/verifier.c, check_packet_access */
export function checkPacketAccess(env: Env, regno: number, off: number, size: number, zeroSizeAllowed: boolean): void {
  const r = reg(env, regno);
  const refuse = (errno: number, text: string): never => reject(env, env.insnIdx, "packet", errno, `R${regno} ${text}`);
  if (r.scalar.smin < 0n) {
    refuse(EACCES, "min value is negative, either use unsigned index or do a if (index >=0) check.");
  }
  if (r.range < 0) refuse(EINVAL, "offset is outside of the packet");
  if (!checkFixedAccess(env, regno, off, size, r.range, zeroSizeAllowed)) {
    refuse(EACCES, "offset is outside of the packet");
  }
  env.maxPktOffset = Math.max(env.maxPktOffset, off + Number(r.scalar.umax) + size);
}
