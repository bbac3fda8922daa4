/**
 * Stores to the stack.
 *
 * A store of a register at the bottom of a slot keeps the register (a spill); other stores leave bytes of unknown value, or of zero. A store at
 * an offset that is not known may change any byte in range.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_stack_write
 */
import { BPF_CLASS, BPF_MEM, BPF_MODE, BPF_ST, type Insn } from "@bpf-ts/isa";
import { EACCES, EINVAL } from "@bpf-ts/uapi/errno";
import { constant, constSigned, isConst } from "../../domain/index.ts";
import { printLineInfo } from "../../log/line-info.ts";
import { pushJmpHistory, stackAccessFlags } from "../../precision/history.ts";
import { markChainPrecision } from "../../precision/mark.ts";
import { reject } from "../../reject.ts";
import { curFrame, type Env, markSlotScratched, reg } from "../../state/env.ts";
import type { FuncState } from "../../state/func-state.ts";
import { REG_NOT_INIT, type RegState, scalarReg } from "../../state/reg-state.ts";
import {
  baseType,
  CONST_PTR_TO_MAP,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_FLOW_KEYS,
  PTR_TO_FUNC,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_STACK,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
  SCALAR_VALUE,
} from "../../state/reg-type.ts";
import {
  isSpecialSlot,
  isSpilledReg,
  isSpilledScalarReg,
  STACK_INVALID,
  STACK_MISC,
  STACK_SPILL,
  STACK_ZERO,
  StackSlot,
  scrubTypes,
} from "../../state/stack-slot.ts";
import { assignScalarId, isRegNull } from "../reg-arg.ts";
import { destroyDynptrAt } from "../stack-object/dynptr.ts";
import { checkFastcallContract, spiOf } from "./stack-bounds.ts";

/** Bytes that must be known to keep all of a number. */
function regWidth(r: RegState): number {
  const { umax } = r.scalar;
  if (umax <= 0xffn) return 1;
  if (umax <= 0xffffn) return 2;
  return umax <= 0xffffffffn ? 4 : 8;
}

function isSpillable(type: number): boolean {
  switch (baseType(type)) {
    case PTR_TO_MAP_VALUE:
    case PTR_TO_STACK:
    case PTR_TO_CTX:
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
    case PTR_TO_PACKET_END:
    case PTR_TO_FLOW_KEYS:
    case CONST_PTR_TO_MAP:
    case PTR_TO_SOCKET:
    case PTR_TO_SOCK_COMMON:
    case PTR_TO_TCP_SOCK:
    case PTR_TO_XDP_SOCK:
    case PTR_TO_BTF_ID:
    case PTR_TO_BUF:
    case PTR_TO_MEM:
    case PTR_TO_FUNC:
    case PTR_TO_MAP_KEY:
    case PTR_TO_ARENA:
      return true;
    default:
      return false;
  }
}

function isStMem(insn: Insn): boolean {
  return BPF_CLASS(insn.code) === BPF_ST && BPF_MODE(insn.code) === BPF_MEM;
}

/** Keeps `r` in slot `spi`: its low `size` bytes. */
function saveRegister(frame: FuncState, spi: number, r: RegState, size: number): void {
  const old = frame.stack[spi]!.types;
  let types = 0;
  for (let i = 0; i < 8; i++) {
    const shift = i << 2;
    if (i >= 8 - size) {
      types |= STACK_SPILL << shift;
      continue;
    }
    const was = (old >>> shift) & 7;
    types |= (was === STACK_ZERO || was === STACK_INVALID ? was : STACK_MISC) << shift;
  }
  frame.stack[spi] = new StackSlot(r, types);
}

/** Dispatches by whether the offset is known. `off` includes the fixed offset; bounds were checked. `valueRegno` -1: an immediate, or unknown. */
export function checkStackWrite(
  env: Env,
  regno: number,
  off: number,
  size: number,
  valueRegno: number,
  insnIdx: number,
): void {
  const r = reg(env, regno);
  const frame = env.cur.frames[r.frameno]!;
  if (isConst(r.scalar)) {
    writeFixed(env, frame, off + Number(constSigned(r.scalar)), size, valueRegno, insnIdx);
  } else {
    writeVariable(env, frame, r, off, size, valueRegno, insnIdx);
  }
}

function writeFixed(env: Env, frame: FuncState, off: number, size: number, valueRegno: number, insnIdx: number): void {
  const slot = -off - 1;
  const spi = slot >> 3;
  const insn = env.insns[insnIdx]!;
  const cur = curFrame(env);
  const aligned = off % 8 === 0;
  const before = frame.stack[spi]!;
  if (!env.allowPtrLeaks && isSpilledReg(before) && !isSpilledScalarReg(before) && size !== 8) {
    reject(env, insnIdx, "stack", EACCES, "attempt to corrupt spilled pointer on stack");
  }
  destroyDynptrAt(env, frame, spi);
  if (aligned && size === 8) env.liveStack.markSlotWritten(frame.frameno, spi);
  checkFastcallContract(env, frame, insnIdx, off);
  markSlotScratched(env, spi);

  const value = valueRegno >= 0 ? cur.regs[valueRegno]! : null;
  const flags = stackAccessFlags(frame.frameno, spi);
  if (value !== null && aligned && value.type === SCALAR_VALUE && env.bpfCapable) {
    const fits = regWidth(value) <= size;
    const kept = fits ? assignScalarId(env, value) : value;
    cur.regs[valueRegno] = kept;
    saveRegister(frame, spi, fits ? kept : kept.unlinked(), size);
  } else if (value === null && aligned && isStMem(insn) && env.bpfCapable) {
    saveRegister(frame, spi, scalarReg((env.immScalars[insnIdx] ??= constant(insn.imm))), size);
  } else if (value !== null && isSpillable(value.type)) {
    if (size !== 8) {
      printLineInfo(env, insnIdx, "; ");
      reject(env, insnIdx, "stack", EACCES, "invalid size of register spill");
    }
    if (frame !== cur && value.type === PTR_TO_STACK) {
      const text = "cannot spill pointers to stack into stack frame of the caller";
      reject(env, insnIdx, "stack", EINVAL, text);
    }
    saveRegister(frame, spi, value, size);
  } else {
    writeData(env, frame, slot, size, value, valueRegno, insn);
    return;
  }
  pushJmpHistory(env, env.cur, flags, null);
}

/** Data destroys what was spilled. */
function writeData(
  env: Env,
  frame: FuncState,
  slot: number,
  size: number,
  value: RegState | null,
  valueRegno: number,
  insn: Insn,
): void {
  const spi = slot >> 3;
  const before = frame.stack[spi]!;
  let { types } = before;
  if (isSpecialSlot(before)) types = scrubTypes(types);
  let type = STACK_MISC;
  if (value !== null ? isRegNull(value) : isStMem(insn) && insn.imm === 0) {
    // Zeros that later walks will rely on.
    markChainPrecision(env, valueRegno);
    type = STACK_ZERO;
  }
  for (let i = 0; i < size; i++) {
    const shift = ((slot - i) & 7) << 2;
    types = (types & ~(7 << shift)) | (type << shift);
  }
  frame.stack[spi] = new StackSlot(REG_NOT_INIT, types);
}

function writeVariable(
  env: Env,
  frame: FuncState,
  ptr: RegState,
  off: number,
  size: number,
  valueRegno: number,
  insnIdx: number,
): void {
  const insn = env.insns[insnIdx]!;
  const min = Number(ptr.scalar.smin) + off;
  const max = Number(ptr.scalar.smax) + off + size;
  const value = valueRegno >= 0 ? curFrame(env).regs[valueRegno]! : null;
  const writesZero = value !== null ? isRegNull(value) : isStMem(insn) && insn.imm === 0;
  let zeroUsed = false;
  for (let i = min; i < max; i++) destroyDynptrAt(env, frame, spiOf(i));
  checkFastcallContract(env, frame, insnIdx, min);
  for (let i = min; i < max; i++) {
    const slot = -i - 1;
    const spi = slot >> 3;
    const byte = slot & 7;
    const before = frame.stack[spi]!;
    const type = before.typeAt(byte);
    markSlotScratched(env, spi);
    if (!env.allowPtrLeaks && type !== STACK_MISC && type !== STACK_ZERO) {
      const text = `spilled ptr in range of var-offset stack write; insn ${insnIdx}, ptr off: ${i}`;
      reject(env, insnIdx, "stack", EINVAL, text);
    }
    if (writesZero && type === STACK_SPILL && isSpilledScalarReg(before) && isRegNull(before.reg)) {
      zeroUsed = true;
      continue;
    }
    let fresh = STACK_MISC;
    if (writesZero && type === STACK_ZERO) {
      fresh = STACK_ZERO;
      zeroUsed = true;
    }
    if (type === STACK_INVALID && !env.allowUninitStack) {
      const text = `uninit stack in range of var-offset write prohibited for !root; insn ${insnIdx}, off: ${i}`;
      reject(env, insnIdx, "stack", EINVAL, text);
    }
    const types = isSpilledReg(before) ? scrubTypes(before.types) : before.types;
    frame.stack[spi] = new StackSlot(REG_NOT_INIT, types).withTypeAt(byte, fresh);
  }
  if (zeroUsed) markChainPrecision(env, valueRegno);
}
