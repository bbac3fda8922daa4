import { VmFault } from "./error.ts";
import { WORDS } from "./ops.ts";
import type { CpuStack } from "./stacks.ts";
import type { RunState } from "./state.ts";

/**
 * What a program may touch: live regions of the memory, of which the stacks count only as far as they are in use. A region may be used by any
 * number of runs, so a nested one can read what the outer one passed it on its stack.
 */

const TWO32 = 4294967296;
/** Regions above are never remembered: the loop compares signed numbers. */
const LIMIT = 0x7fff_0000;

/** Whether the address lies in the dead part of a stack. */
function isDeadStack(stacks: readonly CpuStack[], address: number): boolean {
  for (const stack of stacks) {
    if (address >= stack.low && address < stack.high) return address < stack.sp;
  }
  return false;
}

/** Whether a program may access `size` bytes at an address (unsigned). */
export function isAccessible(state: RunState, address: number, size: number, write: boolean): boolean {
  return state.memory.isLive(address, size, write) && !isDeadStack(state.stacks, address);
}

/**
 * The way of an access that the loop could not decide by itself. Leaves the region's bounds in {@link RunState.hitLow} and `hitEnd`.
 *
 * @returns the address, unsigned; or -1 with {@link RunState.fault} set.
 */
export function reach(
  state: RunState,
  pc: number,
  lo: number,
  hi: number,
  off: number,
  size: number,
  write: boolean,
): number {
  const address = target(lo, hi, off);
  if (address >= 0 && isAccessible(state, address, size, write)) {
    remember(state);
    return address;
  }
  state.fault = memoryFault(state, pc, lo, hi, off, size, write);
  return -1;
}

/** As {@link reach} for accesses that may fail: -1 without a fault. */
export function tryReach(state: RunState, lo: number, hi: number, off: number, size: number): number {
  const address = target(lo, hi, off);
  return address >= 0 && isAccessible(state, address, size, false) ? address : -1;
}

/** The sum as a 32-bit address, -1 if it does not fit. */
function target(lo: number, hi: number, off: number): number {
  const sum = (hi >>> 0) * TWO32 + (lo >>> 0) + off;
  // Sums beyond 2^53 are inexact but far above every address; those beyond 2^64 wrap to at most 2^15, where nothing ever lies.
  return sum >= 0 && sum < TWO32 ? sum : -1;
}

function remember(state: RunState): void {
  const { hitBase, hitEnd } = state.memory;
  state.hitLow = 1;
  state.hitEnd = 0;
  if (hitEnd > LIMIT) return;
  // A stack is alive in part only, and how far changes with every call.
  for (const stack of state.stacks) if (stack.low === hitBase) return;
  state.hitLow = hitBase;
  state.hitEnd = hitEnd;
}

function memoryFault(
  state: RunState,
  pc: number,
  lo: number,
  hi: number,
  off: number,
  size: number,
  write: boolean,
): VmFault {
  const insn = pc / WORDS;
  const address = BigInt.asUintN(64, (BigInt(hi) << 32n) + BigInt(lo >>> 0) + BigInt(off));
  const access = write ? "write" : "read";
  return new VmFault(
    `${access} of ${size} bytes at 0x${address.toString(16)} (insn ${insn}: ${state.exe.text(insn)}): ${reason(state, address, size, write)}`,
    { code: "MEMORY", insn, address, size, access, errno: 14 },
  );
}

function reason(state: RunState, address: bigint, size: number, write: boolean): string {
  if (address >= BigInt(TWO32)) return "not mapped";
  const at = Number(address);
  const region = state.memory.regionAt(at);
  if (region === undefined) return "not mapped";
  if (isDeadStack(state.stacks, at))
    return `below the stack of the running function, which begins at 0x${(state.stack.sp >>> 0).toString(16)}`;
  if (at + size > region.base + region.size)
    return `runs past the end of ${region.label || "a block"} (${region.size} bytes)`;
  if (write && !region.writable) return `${region.label || "the block"} is read-only`;
  return "not mapped";
}
