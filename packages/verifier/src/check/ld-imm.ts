import { BTF_FUNC_STATIC } from "@bpf-ts/btf";
import { BPF_DW, BPF_SIZE, type Insn } from "@bpf-ts/isa";
import { EINVAL } from "@bpf-ts/uapi/errno";
import {
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
} from "@bpf-ts/uapi/pseudo";
import { constant } from "../domain/index.ts";
import { findSubprog } from "../pass/subprog-lookup.ts";
import { reject } from "../reject.ts";
import { type Env, setReg } from "../state/env.ts";
import { mapReg, pointerReg, scalarReg } from "../state/reg-state.ts";
import { CONST_PTR_TO_MAP, PTR_TO_FUNC, PTR_TO_MAP_VALUE } from "../state/reg-type.ts";
import { checkRegArg, DST_OP } from "./reg-arg.ts";

/** ld_imm64. @see v6.18 kernel/bpf/verifier.c, check_ld_imm */
export function checkLdImm(env: Env, insn: Insn): void {
  const at = env.insnIdx;
  if (BPF_SIZE(insn.code) !== BPF_DW) reject(env, at, "instruction", EINVAL, "invalid BPF_LD_IMM insn");
  if (insn.off !== 0) reject(env, at, "instruction", EINVAL, "BPF_LD_IMM64 uses reserved fields");
  checkRegArg(env, insn.dst, DST_OP);
  switch (insn.src) {
    case 0: {
      const high = env.insns[at + 1]!.imm;
      env.immScalars[at] ??= constant((BigInt(high) << 32n) | BigInt(insn.imm >>> 0));
      setReg(env, insn.dst, scalarReg(env.immScalars[at]!));
      return;
    }
    case BPF_PSEUDO_BTF_ID:
      setReg(env, insn.dst, env.pseudoBtfReg.get(at)!);
      return;
    case BPF_PSEUDO_FUNC: {
      if (!env.hasFuncInfo) reject(env, at, "btf", EINVAL, "missing btf func_info");
      const subprogno = findSubprog(env, at + insn.imm + 1);
      if (env.subprogs[subprogno]!.linkage !== BTF_FUNC_STATIC) {
        reject(env, at, "call", EINVAL, "callback function not static");
      }
      setReg(env, insn.dst, pointerReg(PTR_TO_FUNC).withUnion(null, subprogno, 0));
      return;
    }
    default: {
      const map = env.usedMaps[env.insnMap.get(at)!]!;
      const isValue = insn.src === BPF_PSEUDO_MAP_VALUE || insn.src === BPF_PSEUDO_MAP_IDX_VALUE;
      const reg = isValue ? mapReg(PTR_TO_MAP_VALUE, map, 0, 0, env.insns[at + 1]!.imm) : mapReg(CONST_PTR_TO_MAP, map);
      setReg(env, insn.dst, reg);
    }
  }
}
