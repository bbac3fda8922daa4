/**
 * Where on the stack an access may lie, and the stack's growth.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_stack_access_within_bounds, grow_stack_state
 */
import { EACCES, EFAULT, EINVAL } from "@bpf-ts/uapi/errno";
import { constSigned, formatTnum, isConst } from "../../domain/index.ts";
import { subprogEnd } from "../../pass/subprog-lookup.ts";
import { reject } from "../../reject.ts";
import { type Env, INSN_FASTCALL_PATTERN, reg } from "../../state/env.ts";
import type { FuncState } from "../../state/func-state.ts";
import { SLOT_INVALID } from "../../state/stack-slot.ts";
import { BPF_MAX_VAR_OFF } from "../alu-pointer.ts";

const MAX_VAR_OFF = BigInt(BPF_MAX_VAR_OFF);
const S16_MIN = -32768;

/** Slot of the byte at fp + `off`, for negative `off`. */
export function spiOf(off: number): number {
  return Math.trunc((-off - 1) / 8);
}

function growStack(env: Env, frame: FuncState, size: number): void {
  const slots = Math.ceil(size / 8);
  if (frame.stack.length >= slots) return;
  while (frame.stack.length < slots) frame.stack.push(SLOT_INVALID);
  const subprog = env.subprogs[frame.subprogno]!;
  if (subprog.stackDepth < slots * 8) subprog.stackDepth = slots * 8;
}

/** Refuses accesses outside; makes room for those inside. `off` includes the fixed offset, not the variable one. */
export function checkStackBounds(env: Env, regno: number, off: number, size: number, write: boolean): void {
  const r = reg(env, regno);
  const frame = env.cur.frames[r.frameno]!;
  const what = write ? " write to" : " read from";
  const known = isConst(r.scalar);
  let minOff: bigint;
  let maxOff: bigint;
  if (known) {
    minOff = constSigned(r.scalar) + BigInt(off);
    maxOff = minOff + BigInt(size);
  } else {
    const { smin, smax } = r.scalar;
    if (smax >= MAX_VAR_OFF || smin <= -MAX_VAR_OFF) {
      reject(env, env.insnIdx, "stack", EACCES, `invalid unbounded variable-offset${what} stack R${regno}`);
    }
    minOff = smin + BigInt(off);
    maxOff = smax + BigInt(off) + BigInt(size);
  }
  const lowest = write || env.allowUninitStack ? -env.profile.limits.maxStack : -frame.allocatedStack;
  let errno = 0;
  if (minOff < BigInt(lowest) || minOff > -1n) errno = EACCES;
  else if (maxOff > 0n) errno = EINVAL;
  else if (size < 0) errno = EFAULT;
  if (errno !== 0) {
    const text = known
      ? `invalid${what} stack R${regno} off=${off} size=${size}`
      : `invalid variable-offset${what} stack R${regno} var_off=${formatTnum(r.scalar.tnum)} off=${off} size=${size}`;
    reject(env, env.insnIdx, "stack", errno, text);
  }
  growStack(env, frame, -Number(minOff));
}

/**
 * Slots that hold registers across a fast call may be used for nothing else; if they are, the pattern stays as it is.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_fastcall_stack_contract
 */
export function checkFastcallContract(env: Env, frame: FuncState, insnIdx: number, off: number): void {
  const subprog = env.subprogs[frame.subprogno]!;
  if (subprog.fastcallStackOff <= off || env.insnFlags[insnIdx]! & INSN_FASTCALL_PATTERN) return;
  subprog.fastcallStackOff = S16_MIN;
  const end = subprogEnd(env, frame.subprogno);
  for (let i = subprog.start; i < end; i++) {
    env.fastcallSpills[i] = 0;
    env.insnFlags[i]! &= ~INSN_FASTCALL_PATTERN;
  }
}
