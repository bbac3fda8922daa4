/**
 * Which registers may still be read: backward data flow over each subprogram.
 *
 *     out(i) = union of in(s) over successors s of i
 *     in(i)  = (out(i) minus def(i)) union use(i)
 *
 * iterated to the least fixed point. Sound because `use` errs on the large side (instructions that are not understood use everything) and
 * `def` on the small side. States are compared only in registers that are live, so a register wrongly taken for dead would be unsound.
 *
 * @see v6.18 kernel/bpf/verifier.c, compute_live_registers
 */
import {
  BPF_ALU,
  BPF_ALU64,
  BPF_ATOMIC,
  BPF_CALL,
  BPF_CLASS,
  BPF_CMPXCHG,
  BPF_END,
  BPF_EXIT,
  BPF_FETCH,
  BPF_JA,
  BPF_JCOND,
  BPF_JMP,
  BPF_JMP32,
  BPF_K,
  BPF_LD,
  BPF_LDX,
  BPF_LOAD_ACQ,
  BPF_MEM,
  BPF_MEMSX,
  BPF_MODE,
  BPF_MOV,
  BPF_OP,
  BPF_SRC,
  BPF_ST,
  BPF_STORE_REL,
  BPF_STX,
  type Insn,
} from "@bpf-ts/isa";
import { insnText } from "../log/insn.ts";
import type { Env } from "../state/env.ts";
import { callSummary } from "./call-summary.ts";
import { LD_IMM64 } from "./successors.ts";

const CALLER_SAVED = 0x3f;

/** `use << 16 | def` as bit masks of registers. */
function useDef(env: Env, insn: Insn): number {
  const src = 1 << insn.src;
  const dst = 1 << insn.dst;
  const mode = BPF_MODE(insn.code);
  let def = 0;
  let use = 0xffff;
  switch (BPF_CLASS(insn.code)) {
    case BPF_LD:
      if (insn.code === LD_IMM64) {
        def = dst;
        use = 0;
      }
      break;
    case BPF_LDX:
      if (mode === BPF_MEM || mode === BPF_MEMSX) {
        def = dst;
        use = src;
      }
      break;
    case BPF_ST:
      if (mode === BPF_MEM) use = dst;
      break;
    case BPF_STX:
      if (mode === BPF_MEM) {
        use = dst | src;
      } else if (mode === BPF_ATOMIC) {
        if (insn.imm === BPF_CMPXCHG) {
          use = 1 | dst | src;
          def = 1;
        } else if (insn.imm === BPF_LOAD_ACQ) {
          def = dst;
          use = src;
        } else if (insn.imm === BPF_STORE_REL) {
          use = dst | src;
        } else {
          use = dst | src;
          if (insn.imm & BPF_FETCH) def = src;
        }
      }
      break;
    case BPF_ALU:
    case BPF_ALU64: {
      def = dst;
      const op = BPF_OP(insn.code);
      if (op === BPF_END) use = dst;
      else if (op === BPF_MOV) use = BPF_SRC(insn.code) === BPF_K ? 0 : src;
      else use = BPF_SRC(insn.code) === BPF_K ? dst : dst | src;
      break;
    }
    case BPF_JMP:
    case BPF_JMP32:
      switch (BPF_OP(insn.code)) {
        case BPF_JA:
        case BPF_JCOND:
          use = 0;
          break;
        case BPF_EXIT:
          use = 1;
          break;
        case BPF_CALL: {
          def = CALLER_SAVED;
          use = CALLER_SAVED & ~1;
          const summary = callSummary(env, insn);
          if (summary !== undefined) use = ((1 << (summary.numParams + 1)) - 1) & ~1;
          break;
        }
        default:
          use = BPF_SRC(insn.code) === BPF_K ? dst : dst | src;
      }
      break;
    default:
      break;
  }
  return (use << 16) | def;
}

/** Fills `env.liveRegsBefore` and logs it at level 2. */
export function computeLiveRegisters(env: Env): void {
  const n = env.insns.length;
  const useDefs = new Uint32Array(n);
  for (let i = 0; i < n; i++) useDefs[i] = useDef(env, env.insns[i]!);
  const live = env.liveRegsBefore;
  const { succ, postorder } = env;
  let changed = true;
  while (changed) {
    changed = false;
    for (let k = 0; k < postorder.length; k++) {
      const i = postorder[k]!;
      const s0 = succ[2 * i]!;
      const s1 = succ[2 * i + 1]!;
      let out = 0;
      if (s0 >= 0) out |= live[s0]!;
      if (s1 >= 0) out |= live[s1]!;
      const ud = useDefs[i]!;
      const before = ((out & ~(ud & 0xffff)) | (ud >>> 16)) & 0xffff;
      if (before !== live[i]) {
        live[i] = before;
        changed = true;
      }
    }
  }
  if (env.log.level2) logLiveRegisters(env);
}

function logLiveRegisters(env: Env): void {
  env.log.write("Live regs before insn:\n");
  for (let i = 0; i < env.insns.length; i++) {
    const scc = env.scc[i]!;
    let regs = "";
    for (let r = 0; r < 10; r++) regs += env.liveRegsBefore[i]! & (1 << r) ? String(r) : ".";
    env.log.write(
      `${scc ? `${String(scc).padStart(3)} ` : "    "}${String(i).padStart(3)}: ${regs} ${insnText(env, i)}`,
    );
    if (env.insns[i]!.code === LD_IMM64) i++;
  }
}
