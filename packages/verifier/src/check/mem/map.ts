import { EACCES } from "@bpf-ts/uapi/errno";
import { BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG } from "@bpf-ts/uapi/map-flags";
import { constValue, isConst } from "../../domain/index.ts";
import { reject } from "../../reject.ts";
import { type Env, reg } from "../../state/env.ts";
import { fieldTypeName, mapRecord } from "../record/record.ts";
import { checkMemRegionAccess } from "./region.ts";

/** By an instruction, or by a helper. */
export const ACCESS_DIRECT = 1;
export const ACCESS_HELPER = 2;

/** May programs read or write the map's values at all? @see v6.18 kernel/bpf/verifier.c, check_map_access_type */
export function checkMapAccessType(env: Env, regno: number, off: number, size: number, write: boolean): void {
  const { def } = reg(env, regno).map;
  if (def.mapFlags & (write ? BPF_F_RDONLY_PROG : BPF_F_WRONLY_PROG)) {
    const what = write ? "write into" : "read from";
    const text = `${what} map forbidden, value_size=${def.valueSize} off=${off} size=${size}`;
    reject(env, env.insnIdx, "map", EACCES, text);
  }
}

/** The access lies in the value and touches none of its special fields. @see v6.18 kernel/bpf/verifier.c, check_map_access */
export function checkMapAccess(
  env: Env,
  regno: number,
  off: number,
  size: number,
  zeroSizeAllowed: boolean,
  src: typeof ACCESS_DIRECT | typeof ACCESS_HELPER,
): void {
  const r = reg(env, regno);
  checkMemRegionAccess(env, regno, off, size, r.map.def.valueSize, zeroSizeAllowed);
  const record = mapRecord(env, r.map);
  if (record === undefined) return;
  const refuse = (text: string): never => reject(env, env.insnIdx, "map", EACCES, text);
  const low = Number(r.scalar.smin) + off;
  const high = Number(r.scalar.umax) + off + size;
  for (const field of record.fields) {
    const p = field.offset;
    if (low >= p + field.size || p >= high) continue;
    const name = fieldTypeName(field.kind);
    switch (field.kind) {
      case "kptr_unref":
      case "kptr_ref":
      case "kptr_percpu":
      case "uptr": {
        if (src !== ACCESS_DIRECT) refuse(`${name} cannot be accessed indirectly by helper`);
        if (!isConst(r.scalar)) refuse(`${name} access cannot have variable offset`);
        const at = BigInt(off) + constValue(r.scalar);
        if (BigInt(p) !== at) refuse(`${name} access misaligned expected=${p} off=${BigInt.asUintN(64, at)}`);
        if (size !== 8) refuse(`${name} access size must be BPF_DW`);
        break;
      }
      default:
        refuse(`${name} cannot be accessed directly by load/store`);
    }
  }
}
