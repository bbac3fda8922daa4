/**
 * Accesses to memory of known size, at an offset that may be partly unknown: its smallest and its largest value must both fit.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_mem_region_access, __check_mem_access
 */
import { EACCES } from "@bpf-ts/uapi/errno";
import { reject } from "../../reject.ts";
import { type Env, reg } from "../../state/env.ts";
import {
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
} from "../../state/reg-type.ts";
import { BPF_MAX_VAR_OFF } from "../alu-pointer.ts";

const MAX_VAR_OFF = BigInt(BPF_MAX_VAR_OFF);
const S64_MIN = -(1n << 63n);

/** Do `size` bytes at `off` lie in a region of `memSize`? If not, says why not. */
export function checkFixedAccess(
  env: Env,
  regno: number,
  off: number,
  size: number,
  memSize: number,
  zeroSizeAllowed: boolean,
): boolean {
  if (off >= 0 && (size > 0 || (size === 0 && zeroSizeAllowed)) && off + size <= memSize) return true;
  const r = reg(env, regno);
  switch (r.type) {
    case PTR_TO_MAP_KEY:
      env.log.write(`invalid access to map key, key_size=${memSize} off=${off} size=${size}\n`);
      break;
    case PTR_TO_MAP_VALUE:
      env.log.write(`invalid access to map value, value_size=${memSize} off=${off} size=${size}\n`);
      break;
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
    case PTR_TO_PACKET_END:
      env.log.write(
        `invalid access to packet, off=${off} size=${size}, R${regno}(id=${r.id},off=${off},r=${memSize})\n`,
      );
      break;
    default:
      env.log.write(`invalid access to memory, mem_size=${memSize} off=${off} size=${size}\n`);
  }
  return false;
}

/** Refuses unless every possible offset fits. `off` includes the register's fixed offset. */
export function checkMemRegionAccess(
  env: Env,
  regno: number,
  off: number,
  size: number,
  memSize: number,
  zeroSizeAllowed: boolean,
): void {
  const refuse = (text: string): never => reject(env, env.insnIdx, "memory", EACCES, `R${regno} ${text}`);
  const { smin, umax } = reg(env, regno).scalar;
  if (smin < 0n) {
    const low = smin + BigInt(off);
    if (smin === S64_MIN || low !== BigInt.asIntN(32, low) || low < 0n) {
      refuse("min value is negative, either use unsigned index or do a if (index >=0) check.");
    }
  }
  const low = Number(BigInt.asIntN(32, smin + BigInt(off)));
  if (!checkFixedAccess(env, regno, low, size, memSize, zeroSizeAllowed)) {
    refuse("min value is outside of the allowed memory range");
  }
  if (umax >= MAX_VAR_OFF) refuse("unbounded memory access, make sure to bounds check any such access");
  const high = Number(BigInt.asIntN(32, umax + BigInt(off)));
  if (high !== low && !checkFixedAccess(env, regno, high, size, memSize, zeroSizeAllowed)) {
    refuse("max value is outside of the allowed memory range");
  }
}
