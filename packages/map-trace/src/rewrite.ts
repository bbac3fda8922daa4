import {
  BPF_CALL,
  BPF_DW,
  BPF_JMP,
  BPF_LDX,
  BPF_MEM,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_10,
  BPF_STX,
  encode,
  type Insn,
} from "@bpf-ts/isa";
import { BPF_PSEUDO_INTERNAL_CALL } from "@bpf-ts/uapi";
import { BPF_FUNC_map_delete_elem, BPF_FUNC_map_update_elem } from "@bpf-ts/uapi/helper-ids";
import type { CallRewrite, CallSite, RewritePatch } from "@bpf-ts/verifier";
import { DELETE_ELEM_TARGET, type MapTraceTarget, UPDATE_ELEM_TARGET } from "./targets.ts";

/** Helpers whose calls are traced: how many argument registers each takes, and the target that it stands for. */
const TRACED_HELPERS: ReadonlyMap<number, { args: number; target: MapTraceTarget }> = new Map([
  [BPF_FUNC_map_update_elem, { args: 4, target: UPDATE_ELEM_TARGET }],
  [BPF_FUNC_map_delete_elem, { args: 2, target: DELETE_ELEM_TARGET }],
]);

const WORD = 8;

const store = (reg: number, off: number): Insn => ({
  code: BPF_STX | BPF_MEM | BPF_DW,
  dst: BPF_REG_10,
  src: reg,
  off,
  imm: 0,
});
const load = (reg: number, off: number): Insn => ({
  code: BPF_LDX | BPF_MEM | BPF_DW,
  dst: reg,
  src: BPF_REG_10,
  off,
  imm: 0,
});
const call = (src: number, imm: number): Insn => ({ code: BPF_JMP | BPF_CALL, dst: 0, src, off: 0, imm });

/**
 * The rewrite of map tracing. A call of `bpf_map_update_elem` (n = 4 argument registers) or `bpf_map_delete_elem` (n = 2) becomes
 *
 * ```text
 *   *(u64 *)(r10 - depth - 8·i) = r_i        for i = 1 … n
 *   call bpf_map_…_elem
 *   r_i = *(u64 *)(r10 - depth - 8·i)        for i = 1 … n
 *   *(u64 *)(r10 - depth - 8·(n+1)) = r0
 *   r_(n+1) = *(u64 *)(r10 - depth - 8·(n+1))
 *   call bpf_trace_map_…_elem
 *   r0 = *(u64 *)(r10 - depth - 8·(n+1))
 * ```
 *
 * where depth is the stack depth of the subprogram that contains the call, so the slots lie below everything that the program itself can reach. The
 * program can't tell: R0 is what the operation returned, R1–R5 were unreadable after the call before the rewrite, R6–R9 and the program's stack
 * are untouched. Every call is rewritten, whichever maps can reach it: the map is an argument of the inserted function.
 */
export const mapTraceRewrite: CallRewrite = {
  helpers: new Set(TRACED_HELPERS.keys()),

  rewrite(site: CallSite, internalCall: (name: string) => number): RewritePatch | undefined {
    const traced = TRACED_HELPERS.get(site.helper);
    if (traced === undefined || site.dead) return undefined;
    const slot = (n: number): number => -site.stackDepth - WORD * n;
    const argRegs = Array.from({ length: traced.args }, (_, i) => BPF_REG_1 + i);
    const retReg = BPF_REG_1 + traced.args;
    const retSlot = slot(traced.args + 1);
    const insns: Insn[] = [
      ...argRegs.map((reg, i) => store(reg, slot(i + 1))),
      call(0, site.helper),
      ...argRegs.map((reg, i) => load(reg, slot(i + 1))),
      store(BPF_REG_0, retSlot),
      load(retReg, retSlot),
      call(BPF_PSEUDO_INTERNAL_CALL, internalCall(traced.target.internalFunc)),
      load(BPF_REG_0, retSlot),
    ];
    return { insns: encode(insns), extraStack: WORD * (traced.args + 1) };
  },
};
