/**
 * Calls that keep more registers than others: compilers that can't rely on it put stores of the live registers before such a call and loads
 * after it. Here those pairs are recognized; if nothing else touches their stack slots they are removed after verification.
 *
 * @see v6.18 kernel/bpf/verifier.c, mark_fastcall_patterns
 */
import { BPF_CALL, BPF_DW, BPF_JMP, BPF_LDX, BPF_MEM, BPF_STX } from "@bpf-ts/isa";
import { type Env, INSN_FASTCALL_PATTERN } from "../state/env.ts";
import type { SubprogInfo } from "../state/subprog.ts";
import { callSummary } from "./call-summary.ts";
import { subprogEnd } from "./subprog-lookup.ts";

const STX_DW: number = BPF_STX | BPF_MEM | BPF_DW;
const LDX_DW: number = BPF_LDX | BPF_MEM | BPF_DW;
const CALLER_SAVED_REGS = 6;

/** Marks the patterns of all subprograms. */
export function markFastcallPatterns(env: Env): void {
  for (let s = 0; s < env.subprogs.length; s++) {
    const subprog = env.subprogs[s]!;
    const end = subprogEnd(env, s);
    let lowest = 0;
    for (let i = subprog.start; i < end; i++) {
      const insn = env.insns[i]!;
      if (insn.code === STX_DW && insn.dst === 10 && insn.off < lowest) lowest = insn.off;
    }
    for (let i = subprog.start; i < end; i++) {
      if (env.insns[i]!.code === (BPF_JMP | BPF_CALL)) markCall(env, subprog, i, lowest);
    }
  }
}

function markCall(env: Env, subprog: SubprogInfo, at: number, lowest: number): void {
  const summary = callSummary(env, env.insns[at]!);
  if (summary === undefined) return;
  const clobbered = ((1 << (summary.numParams + 1)) - 1) & (summary.isVoid ? ~1 : -1);
  let expected = ~clobbered & ((1 << CALLER_SAVED_REGS) - 1);
  let off = lowest;
  let i = 1;
  for (; i <= CALLER_SAVED_REGS; i++, off += 8) {
    if (at - i < 0 || at + i >= env.insns.length) break;
    const stx = env.insns[at - i]!;
    const ldx = env.insns[at + i]!;
    if (stx.code !== STX_DW || ldx.code !== LDX_DW || stx.dst !== 10 || ldx.src !== 10) break;
    if (stx.src !== ldx.dst) break;
    if (((1 << stx.src) & expected) === 0) break;
    if (stx.off !== off || ldx.off !== off) break;
    expected &= ~(1 << stx.src);
    env.insnFlags[at - i]! |= INSN_FASTCALL_PATTERN;
    env.insnFlags[at + i]! |= INSN_FASTCALL_PATTERN;
  }
  if (i === 1) return;
  if (summary.fastcall) env.fastcallSpills[at] = i - 1;
  else subprog.keepFastcallStack = true;
  subprog.fastcallStackOff = Math.min(subprog.fastcallStackOff, off);
}
