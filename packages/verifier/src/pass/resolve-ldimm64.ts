/**
 * What the 64-bit constants of ld_imm64 stand for: maps, addresses in a map's value, functions, kernel symbols. Opcodes that do not exist are
 * refused here too.
 *
 * @see v6.18 kernel/bpf/verifier.c, resolve_pseudo_ldimm64
 */
import { BPF_CLASS, BPF_LDX, BPF_MEM, BPF_MEMSX, BPF_MODE } from "@bpf-ts/isa";
import { E2BIG, EFAULT, EINVAL, EPROTO } from "@bpf-ts/uapi/errno";
import {
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
} from "@bpf-ts/uapi/pseudo";
import { resolveKernelSymbol } from "../check/btf/kernel-symbol.ts";
import { reject } from "../reject.ts";
import type { Env } from "../state/env.ts";
import type { VerifierMap } from "../types.ts";
import { isKnownOpcode } from "./known-opcode.ts";
import { checkMapProgCompatibility } from "./map-compat.ts";
import { LD_IMM64 } from "./successors.ts";

const MAX_VAR_OFF = 1 << 29;

/** Resolves all of them; fills `usedMaps` and `insnMap`. */
export function resolvePseudoLdImm64(env: Env): void {
  const insns = env.insns;
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i]!;
    if (BPF_CLASS(insn.code) === BPF_LDX) {
      const mode = BPF_MODE(insn.code);
      if ((mode !== BPF_MEM && mode !== BPF_MEMSX) || insn.imm !== 0) {
        reject(env, i, "instruction", EINVAL, "BPF_LDX uses reserved fields");
      }
    }
    if (insn.code === LD_IMM64) {
      resolveOne(env, i);
      i++;
      continue;
    }
    if (!isKnownOpcode(insn.code)) {
      reject(env, i, "instruction", EINVAL, `unknown opcode ${insn.code.toString(16).padStart(2, "0")}`);
    }
  }
}

function resolveOne(env: Env, i: number): void {
  const insn = env.insns[i]!;
  const high = env.insns[i + 1];
  if (high === undefined || high.code !== 0 || high.dst !== 0 || high.src !== 0 || high.off !== 0) {
    reject(env, i, "instruction", EINVAL, "invalid bpf_ld_imm64 insn");
  }
  switch (insn.src) {
    case 0:
      return;
    case BPF_PSEUDO_BTF_ID:
      env.pseudoBtfReg.set(i, resolveKernelSymbol(env, i, insn.imm, high.imm));
      return;
    case BPF_PSEUDO_FUNC:
      return;
    case BPF_PSEUDO_MAP_VALUE:
    case BPF_PSEUDO_MAP_IDX_VALUE:
      break;
    case BPF_PSEUDO_MAP_FD:
    case BPF_PSEUDO_MAP_IDX:
      if (high.imm === 0) break;
      reject(env, i, "instruction", EINVAL, "unrecognized bpf_ld_imm64 insn");
      break;
    default:
      reject(env, i, "instruction", EINVAL, "unrecognized bpf_ld_imm64 insn");
  }
  let fd = insn.imm;
  if (insn.src === BPF_PSEUDO_MAP_IDX || insn.src === BPF_PSEUDO_MAP_IDX_VALUE) {
    const fdArray = env.input.fdArray;
    if (fdArray === undefined) reject(env, i, "map", EPROTO, "fd_idx without fd_array is invalid");
    const entry = fdArray[insn.imm];
    if (entry === undefined) reject(env, i, "map", EFAULT, "");
    fd = entry;
  }
  const map = env.input.mapByFd(fd);
  if (typeof map === "number") reject(env, i, "map", map, `fd ${fd} is not pointing to valid bpf_map`);
  env.insnMap.set(i, addUsedMap(env, i, map));
  if (insn.src === BPF_PSEUDO_MAP_FD || insn.src === BPF_PSEUDO_MAP_IDX) return;

  const off = high.imm >>> 0;
  if (off >= MAX_VAR_OFF) reject(env, i, "map", EINVAL, `direct value offset of ${off} is not allowed`);
  if (map.valueAddress === undefined) {
    reject(env, i, "map", EINVAL, "no direct value access support for this map type");
  }
  const address = map.valueAddress(off);
  if (address < 0) {
    const text = `invalid access to map value pointer, value_size=${map.def.valueSize} off=${off}`;
    reject(env, i, "map", -address, text);
  }
}

function addUsedMap(env: Env, at: number, map: VerifierMap): number {
  const known = env.usedMaps.indexOf(map);
  if (known >= 0) return known;
  const limit = env.profile.limits.maxUsedMaps;
  if (env.usedMaps.length >= limit) {
    reject(env, at, "limit", E2BIG, `The total number of maps per program has reached the limit of ${limit}`);
  }
  checkMapProgCompatibility(env, at, map);
  env.usedMaps.push(map);
  return env.usedMaps.length - 1;
}
