import type { CallbackLoop } from "./calling-convention.ts";
import { VmFault } from "./error.ts";
import { WORDS } from "./ops.ts";
import { FRAME_WORDS } from "./stacks.ts";
import {
  FRAME_CALLBACK,
  FRAME_FUNC,
  FRAME_KIND,
  FRAME_LOCAL,
  MAX_FRAMES,
  MAX_TAIL_CALLS,
  MAY_GOTO_BUDGET,
  type RunState,
} from "./state.ts";

/**
 * Calls and returns. Each function here answers where to go on (a word index), -1 with {@link RunState.fault} set, or {@link RETURNED}.
 */

/** The outermost function has returned. */
export const RETURNED = -2;

function fault(state: RunState, code: string, text: string): number {
  const insn = state.pc / WORDS;
  state.fault = new VmFault(`${text} (insn ${insn}: ${state.exe.text(insn)})`, { code, insn });
  return -1;
}

function hasRoom(state: RunState, stackDepth: number): boolean {
  if (state.depth >= MAX_FRAMES) {
    fault(state, "CALL_DEPTH", `more than ${MAX_FRAMES} functions call each other`);
    return false;
  }
  if (!state.fits(state.bottom, stackDepth)) {
    overflow(state, stackDepth, state.bottom);
    return false;
  }
  return true;
}

function overflow(state: RunState, stackDepth: number, top: number): number {
  const { low, high, cpu } = state.stack;
  return fault(
    state,
    "STACK_OVERFLOW",
    `a frame of ${stackDepth} bytes does not fit: ${top - low} of ${high - low} bytes are left of the stack of cpu ${cpu}`,
  );
}

/** Call of a function of the same program. */
export function callLocal(state: RunState, stackDepth: number, target: number): number {
  if (!hasRoom(state, stackDepth)) return -1;
  state.push(state.pc + WORDS, FRAME_LOCAL, undefined);
  state.setFrame(state.bottom, stackDepth);
  return target;
}

/** Call of a helper that calls back. */
export function enterLoop(state: RunState, index: number): number {
  const r = state.registers;
  const view = state.memory.dataView;
  for (let i = 0; i < 10; i++) view.setInt32(state.args + i * 4, r[2 + i]!, true);
  const loop = state.exe.translated.loops[index]!(state.run, r[2]!, r[4]!, r[6]!, r[8]!, r[10]!);
  const func = loop.next(state.run, undefined);
  if (func === 0) return finish(state, loop.result, state.pc + WORDS);
  return pushCallback(state, loop, func, state.pc + WORDS);
}

function pushCallback(state: RunState, loop: CallbackLoop, func: number, back: number): number {
  const subprog = state.exe.subprogs[func - 1];
  if (subprog === undefined || !hasRoom(state, subprog.stackDepth)) {
    if (subprog === undefined) badCallback(state, func);
    loop.close?.();
    return -1;
  }
  state.push(back, FRAME_CALLBACK, loop);
  state.setFrame(state.bottom, subprog.stackDepth);
  return enterCallback(state, func, subprog.start);
}

function badCallback(state: RunState, func: number): number {
  return fault(
    state,
    "BAD_CALLBACK",
    `callback ${func} is none of the program's ${state.exe.subprogs.length} functions`,
  );
}

function enterCallback(state: RunState, func: number, start: number): number {
  state.stack.frames[(state.stack.depth - 1) * FRAME_WORDS + FRAME_FUNC] = func;
  state.budget = MAY_GOTO_BUDGET;
  const { registers, args } = state;
  const view = state.memory.dataView;
  for (let i = 0; i < 10; i++) registers[2 + i] = view.getInt32(args + i * 4, true);
  return start * WORDS;
}

function finish(state: RunState, result: number, next: number): number {
  state.registers[0] = result;
  state.registers[1] = result >> 31;
  return next;
}

/** Return from the running function. */
export function leave(state: RunState): number {
  if (state.depth === 0) return RETURNED;
  const { stack } = state;
  const at = (stack.depth - 1) * FRAME_WORDS;
  if (stack.frames[at + FRAME_KIND] === FRAME_LOCAL) {
    state.pop();
    return state.pc;
  }
  const loop = stack.frameLoops[stack.depth - 1]!;
  const func = loop.next(state.run, state.registers[0]!);
  if (func !== 0 && func === stack.frames[at + FRAME_FUNC]) {
    // The frame is still the one that this function needs, unless a tail call replaced it.
    const caller = stack.frameExes[stack.depth - 1]!;
    const subprog = caller.subprogs[func - 1]!;
    if (state.exe !== caller) state.switchTo(caller);
    state.setFrame(state.top, subprog.stackDepth);
    return enterCallback(state, func, subprog.start);
  }
  state.pop();
  const back = state.pc;
  if (func === 0) return finish(state, loop.result, back);
  state.pc = back - WORDS;
  return pushCallback(state, loop, func, back);
}

/** `bpf_tail_call`: into the other program, in this one's frame, or on to the next instruction. */
export function tailCall(state: RunState): number {
  const next = state.pc + WORDS;
  if (state.tailCalls >= MAX_TAIL_CALLS) return next;
  const r = state.registers;
  const exe = state.exe.linkage.tailCall?.(state.run, r[2]!, r[4]!, r[6]! >>> 0);
  if (exe === undefined) return next;
  const { stackDepth } = exe.subprogs[0]!;
  if (!state.fits(state.top, stackDepth)) return overflow(state, stackDepth, state.top);
  state.tailCalls++;
  if (exe !== state.exe) state.switchTo(exe);
  state.setFrame(state.top, stackDepth);
  return 0;
}

/** Execution has left the program, or reached the second half of an ld_imm64. */
export function fellOff(state: RunState): number {
  const slot = state.pc / WORDS;
  state.fault = new VmFault(`execution fell off the end of the program (insn ${slot})`, {
    code: "FELL_OFF",
    insn: slot,
  });
  return -1;
}

/** A legacy packet load in a program whose kernel has no packets for it. */
export function noPacketAccess(state: RunState): VmFault {
  const insn = state.pc / WORDS;
  return new VmFault(
    `packet load without packet access: the linkage has no loadPacket (insn ${insn}: ${state.exe.text(insn)})`,
    {
      code: "NO_PACKET_ACCESS",
      insn,
    },
  );
}
