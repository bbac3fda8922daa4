/**
 * Loads from the stack.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_stack_read
 */
import { EACCES } from "@bpf-ts/uapi/errno";
import { constSigned, formatTnum, isConst } from "../../domain/index.ts";
import { printLineInfo } from "../../log/line-info.ts";
import { pushJmpHistory, stackAccessFlags } from "../../precision/history.ts";
import { reject } from "../../reject.ts";
import { curFrame, type Env, markSlotScratched, reg } from "../../state/env.ts";
import type { FuncState } from "../../state/func-state.ts";
import { REG_UNKNOWN, REG_ZERO } from "../../state/reg-state.ts";
import { SCALAR_VALUE } from "../../state/reg-type.ts";
import {
  isSpilledReg,
  STACK_INVALID,
  STACK_MISC,
  STACK_SPILL,
  STACK_ZERO,
  type StackSlot,
} from "../../state/stack-slot.ts";
import { isRegNull } from "../reg-arg.ts";
import { checkFastcallContract } from "./stack-bounds.ts";
import { checkStackRangeInitialized } from "./stack-range.ts";

/** Dispatches by whether the offset is known. `dstRegno` -1: the value goes nowhere. */
export function checkStackRead(env: Env, regno: number, off: number, size: number, dstRegno: number): void {
  const r = reg(env, regno);
  const frame = env.cur.frames[r.frameno]!;
  if (isConst(r.scalar)) {
    readFixed(env, frame, off + Number(constSigned(r.scalar)), size, dstRegno);
    return;
  }
  if (dstRegno < 0) {
    const varOff = formatTnum(r.scalar.tnum);
    const text = `variable offset stack pointer cannot be passed into helper function; var_off=${varOff} off=${off} size=${size}`;
    reject(env, env.insnIdx, "stack", EACCES, text);
  }
  checkStackRangeInitialized(env, regno, off, size, false, false, null);
  const min = Number(r.scalar.smin) + off;
  const max = Number(r.scalar.smax) + off + size;
  readBytes(env, frame, min, max, dstRegno);
  checkFastcallContract(env, frame, env.insnIdx, min);
}

/** Zero if all bytes are, else unknown. */
function readBytes(env: Env, frame: FuncState, min: number, max: number, dstRegno: number): void {
  let zeros = true;
  for (let i = min; i < max; i++) {
    const slot = -i - 1;
    markSlotScratched(env, slot >> 3);
    if (frame.stack[slot >> 3]!.typeAt(slot & 7) !== STACK_ZERO) {
      zeros = false;
      break;
    }
  }
  curFrame(env).regs[dstRegno] = zeros ? REG_ZERO : REG_UNKNOWN;
}

function invalidRead(env: Env, off: number, i: number, size: number): never {
  reject(env, env.insnIdx, "stack", EACCES, `invalid read from stack off ${off}+${i} size ${size}`);
}

function readFixed(env: Env, frame: FuncState, off: number, size: number, dstRegno: number): void {
  const slot = -off - 1;
  const spi = slot >> 3;
  markSlotScratched(env, spi);
  checkFastcallContract(env, curFrame(env), env.insnIdx, off);
  env.liveStack.markSlotRead(env, frame.frameno, env.insnIdx, spi);
  const stored = frame.stack[spi]!;
  let filled: boolean;
  if (isSpilledReg(stored)) {
    filled = readSpilled(env, stored, off, size, dstRegno);
  } else {
    for (let i = 0; i < size; i++) {
      const type = stored.typeAt((slot - i) & 7);
      if (type === STACK_MISC || type === STACK_ZERO || (type === STACK_INVALID && env.allowUninitStack)) continue;
      invalidRead(env, off, i, size);
    }
    if (dstRegno >= 0) readBytes(env, frame, off, off + size, dstRegno);
    filled = false;
  }
  if (filled) pushJmpHistory(env, env.cur, stackAccessFlags(frame.frameno, spi), null);
}

/** Bits of a number that may be set: up to the highest of its largest value. */
function fitsBytes(umax: bigint, size: number): boolean {
  return umax >> BigInt(size * 8) === 0n;
}

/** True: the register is what was spilled, and precision passes through. */
function readSpilled(env: Env, stored: StackSlot, off: number, size: number, dstRegno: number): boolean {
  const { reg: spilled } = stored;
  const regs = curFrame(env).regs;
  let spillSize = 1;
  while (spillSize < 8 && stored.typeAt(7 - spillSize) === STACK_SPILL) spillSize++;
  if (size === 8 && spillSize === 8) {
    if (dstRegno >= 0) {
      regs[dstRegno] = spilled;
    } else if (!env.allowPtrLeaks && spilled.type !== SCALAR_VALUE) {
      reject(env, env.insnIdx, "stack", EACCES, `leaking pointer from stack off ${off}`);
    }
    return true;
  }
  if (spilled.type !== SCALAR_VALUE) {
    printLineInfo(env, env.insnIdx, "; ");
    reject(env, env.insnIdx, "stack", EACCES, "invalid size of register fill");
  }
  // The caller only asked whether the bytes may be read; nothing is noted.
  if (dstRegno < 0) return false;
  // Little endian: the low bytes lie at the start of the slot.
  if (size <= spillSize && off % 8 === 0) {
    regs[dstRegno] = fitsBytes(spilled.scalar.umax, size) ? spilled : spilled.unlinked();
    return true;
  }
  const slot = -off - 1;
  let spilledBytes = 0;
  let zeros = 0;
  for (let i = 0; i < size; i++) {
    const type = stored.typeAt((slot - i) & 7);
    if (type === STACK_SPILL) spilledBytes++;
    else if (type === STACK_ZERO) zeros++;
    else if (type !== STACK_MISC && !(type === STACK_INVALID && env.allowUninitStack)) invalidRead(env, off, i, size);
  }
  if (spilledBytes === size && isRegNull(spilled)) {
    regs[dstRegno] = REG_ZERO;
    return true;
  }
  regs[dstRegno] = zeros === size ? REG_ZERO : REG_UNKNOWN;
  return false;
}
