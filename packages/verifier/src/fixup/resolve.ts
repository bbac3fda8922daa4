import { BPF_CLASS, BPF_DW, BPF_IMM, BPF_LD, BPF_LDX, BPF_MEM, BPF_MEMSX, BPF_MODE, type Insn } from "@bpf-ts/isa";
import {
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
} from "@bpf-ts/uapi/pseudo";
import { verifierBug } from "../reject.ts";
import type { Env } from "../state/env.ts";
import { baseType, PTR_TO_BTF_ID, PTR_UNTRUSTED } from "../state/reg-type.ts";
import type { EditedProgram } from "./edited-program.ts";

/** Loads that answer 0 where nothing is mapped. @see v6.18 include/linux/filter.h, BPF_PROBE_MEM, BPF_PROBE_MEMSX */
const BPF_PROBE_MEM = 0x20;
const BPF_PROBE_MEMSX = 0x40;
const MODE_MASK = 0xe0;

/**
 * References become what they stand for: maps their handles, map values their addresses, functions their subprogram's index + 1.
 *
 * @param newIndex index of each original subprogram in the finished program
 * @see v6.18 kernel/bpf/verifier.c, resolve_pseudo_ldimm64; convert_pseudo_ld_imm64
 */
export function resolveReferences(env: Env, program: EditedProgram, newIndex: (subprog: number) => number): void {
  for (let i = 0; i < env.insns.length; i++) {
    const insn = program.at(i);
    if (insn === undefined || insn.code !== (BPF_LD | BPF_IMM | BPF_DW)) continue;
    const second = env.insns[i + 1]!;
    const set = (src: number, value: number): void => {
      program.change(i, { ...insn, src, imm: value | 0 });
      program.change(i + 1, { ...second, imm: 0 });
    };
    switch (insn.src) {
      case BPF_PSEUDO_MAP_FD:
      case BPF_PSEUDO_MAP_IDX:
        set(BPF_PSEUDO_MAP_FD, mapAt(env, i).handle);
        break;
      case BPF_PSEUDO_MAP_VALUE:
      case BPF_PSEUDO_MAP_IDX_VALUE: {
        const address = mapAt(env, i).valueAddress?.(second.imm >>> 0) ?? -1;
        if (address < 0) verifierBug(`slot ${i}: the map lost its value's address`);
        set(BPF_PSEUDO_MAP_VALUE, address);
        break;
      }
      case BPF_PSEUDO_FUNC: {
        const subprog = env.subprogs.findIndex(({ start }) => start === i + 1 + insn.imm);
        set(BPF_PSEUDO_FUNC, newIndex(subprog) + 1);
        break;
      }
      default:
        break;
    }
  }
}

function mapAt(env: Env, slot: number): Env["usedMaps"][number] {
  const index = env.insnMap.get(slot);
  const map = index === undefined ? undefined : env.usedMaps[index];
  if (map === undefined) return verifierBug(`slot ${slot}: ld_imm64 of no map`);
  return map;
}

/** A typed pointer, or memory that a program says is there. */
function mayBeStale(type: number): boolean {
  return baseType(type) === PTR_TO_BTF_ID || (type & PTR_UNTRUSTED) !== 0;
}

/**
 * Loads through pointers that nobody vouches for, which may be stale: they must not fault.
 *
 * @see v6.18 kernel/bpf/verifier.c, convert_ctx_accesses
 */
export function markProbeLoads(env: Env, program: EditedProgram): void {
  for (let i = 0; i < env.insns.length; i++) {
    const insn = program.at(i);
    if (insn === undefined || BPF_CLASS(insn.code) !== BPF_LDX || !mayBeStale(env.ptrType[i]!)) continue;
    const mode = BPF_MODE(insn.code);
    if (mode === BPF_MEM) program.change(i, withMode(insn, BPF_PROBE_MEM));
    else if (mode === BPF_MEMSX) program.change(i, withMode(insn, BPF_PROBE_MEMSX));
  }
}

function withMode(insn: Insn, mode: number): Insn {
  return { ...insn, code: (insn.code & ~MODE_MASK) | mode };
}
