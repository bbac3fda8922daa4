import { EACCES } from "@bpf-ts/uapi/errno";
import { regTypeStr } from "../../log/reg-type-str.ts";
import { type SockStruct, sockReadable } from "../../progType/sock.ts";
import { reject } from "../../reject.ts";
import { type Env, reg } from "../../state/env.ts";
import { PTR_TO_SOCK_COMMON, PTR_TO_SOCKET, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK } from "../../state/reg-type.ts";

/** sizeof(struct bpf_flow_keys). */
const FLOW_KEYS_SIZE = 56;

const STRUCTS: Readonly<Record<number, SockStruct>> = {
  [PTR_TO_SOCK_COMMON]: "sock_common",
  [PTR_TO_SOCKET]: "sock",
  [PTR_TO_TCP_SOCK]: "tcp_sock",
  [PTR_TO_XDP_SOCK]: "xdp_sock",
};

/** Reads of a socket. @see v6.18 kernel/bpf/verifier.c, check_sock_access */
export function checkSockAccess(env: Env, regno: number, off: number, size: number): void {
  const r = reg(env, regno);
  const refuse = (text: string): never => reject(env, env.insnIdx, "memory", EACCES, `R${regno} ${text}`);
  if (r.scalar.smin < 0n) refuse("min value is negative, either use unsigned index or do a if (index >=0) check.");
  const struct = STRUCTS[r.type];
  if (struct === undefined || !sockReadable(struct, off, size)) {
    refuse(`invalid ${regTypeStr(r.type)} access off=${off} size=${size}`);
  }
}

/** Accesses to the flow dissector's result. @see v6.18 kernel/bpf/verifier.c, check_flow_keys_access */
export function checkFlowKeysAccess(env: Env, off: number, size: number): void {
  if (size < 0 || off < 0 || off + size > FLOW_KEYS_SIZE) {
    reject(env, env.insnIdx, "memory", EACCES, `invalid access to flow keys off=${off} size=${size}`);
  }
}
