import { EACCES, EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_F_RDONLY_PROG } from "@bpf-ts/uapi/map-flags";
import { isConst } from "../../../domain/index.ts";
import { reject } from "../../../reject.ts";
import { type Env, reg } from "../../../state/env.ts";
import type { RegState } from "../../../state/reg-state.ts";
import { PTR_TO_MAP_VALUE } from "../../../state/reg-type.ts";
import type { VerifierMap } from "../../../types.ts";
import { unsupported } from "../../../unsupported.ts";
import { constOffset } from "../../mem/const-offset.ts";
import { ACCESS_HELPER, checkMapAccess } from "../../mem/map.ts";
import type { ArgContext } from "./context.ts";

/** A string in a map that neither the program nor user space can change. */
export function checkConstStr({ env, regno }: ArgContext): void {
  checkRegConstStr(env, regno);
}

/** @see v6.18 kernel/bpf/verifier.c, check_reg_const_str */
export function checkRegConstStr(env: Env, regno: number): void {
  const r = reg(env, regno);
  const refuse = (text: string, errno: number = EACCES): never => reject(env, env.insnIdx, "map", errno, text);
  if (r.type !== PTR_TO_MAP_VALUE) refuse("", EINVAL);
  const { map } = r;
  if (!isReadOnly(map)) refuse(`R${regno} does not point to a readonly map'`);
  if (!isConst(r.scalar)) refuse(`R${regno} is not a constant address'`);
  if (map.valueAddress === undefined) refuse("no direct value access support for this map type");
  checkMapAccess(env, regno, r.off, map.def.valueSize - r.off, false, ACCESS_HELPER);
  if (constString(r) === undefined) refuse("string is not zero-terminated", EINVAL);
}

/** @see v6.18 kernel/bpf/verifier.c, bpf_map_is_rdonly */
function isReadOnly(map: VerifierMap): boolean {
  return (map.def.mapFlags & BPF_F_RDONLY_PROG) !== 0 && map.frozen;
}

/** The bytes that a register points to in a read-only map, up to the first zero; undefined without one. */
export function constString(r: RegState): Uint8Array | undefined {
  const { map } = r;
  if (map.readConst === undefined) unsupported("helper", "contents of a read-only map");
  const bytes: number[] = [];
  for (let off = constOffset(r); off < map.def.valueSize; off++) {
    const byte = map.readConst(off, 1);
    if (byte === undefined) unsupported("helper", "contents of a read-only map");
    if (byte === 0n) return Uint8Array.from(bytes);
    bytes.push(Number(byte));
  }
  return undefined;
}
