import { BPF_ABS, BPF_DW, BPF_IND, BPF_MODE, BPF_SIZE, type Insn } from "@bpf-ts/isa";
import { EINVAL, ENOMEM } from "@bpf-ts/uapi/errno";
import { reject } from "../reject.ts";
import { curFrame, type Env, setReg } from "../state/env.ts";
import { checkResourceLeak } from "../state/references.ts";
import { REG_UNKNOWN, REG_ZERO } from "../state/reg-state.ts";
import { PTR_TO_CTX } from "../state/reg-type.ts";
import { pushBranch } from "./branches.ts";
import { checkPtrOffReg } from "./mem/ptr-off.ts";
import { checkRegArg, clearCallerSaved, SRC_OP } from "./reg-arg.ts";
import { prepareFuncExit } from "./subprog/call.ts";

const CTX_REG = 6;

/**
 * LD_ABS and LD_IND: loads from a packet by absolute offset, with R6 = context implied. They end the program (in
 * a subprogram: return from it) with 0 if the packet is too short, and leave R1 to R5 unreadable, like a call.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_ld_abs
 */
export function checkLdAbs(env: Env, insn: Insn): void {
  const at = env.insnIdx;
  const mode = BPF_MODE(insn.code);
  if (env.progType.ldAbs !== true) {
    const text = "BPF_LD_[ABS|IND] instructions not allowed for this program type";
    reject(env, at, "instruction", EINVAL, text);
  }
  if (insn.dst !== 0 || insn.off !== 0 || BPF_SIZE(insn.code) === BPF_DW || (mode === BPF_ABS && insn.src !== 0)) {
    reject(env, at, "instruction", EINVAL, "BPF_LD_[ABS|IND] uses reserved fields");
  }
  checkRegArg(env, CTX_REG, SRC_OP);
  checkResourceLeak(env, false, true, "BPF_LD_[ABS|IND]");
  const regs = curFrame(env).regs;
  if (regs[CTX_REG]!.type !== PTR_TO_CTX) {
    reject(env, at, "context", EINVAL, "at the time of BPF_LD_ABS|IND R6 != pointer to skb");
  }
  if (mode === BPF_IND) checkRegArg(env, insn.src, SRC_OP);
  checkPtrOffReg(env, regs[CTX_REG]!, CTX_REG);
  clearCallerSaved(env, regs);
  setReg(env, 0, REG_UNKNOWN);
  if (env.cur.curframe === 0) return;
  // The hidden exit of a packet that is too short leaves the subprogram alone, with R0 = 0: that way is walked first.
  pushBranch(env, at + 1, at, ENOMEM);
  setReg(env, 0, REG_ZERO);
  prepareFuncExit(env);
  env.insnIdx--;
}
