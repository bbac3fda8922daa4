import type { Memory } from "@bpf-ts/memory";

/**
 * `struct pt_regs` of x86-64: byte offsets of its 21 registers.
 *
 * @see v6.18 arch/x86/include/asm/ptrace.h, struct pt_regs
 */
export const PT_REGS = {
  r15: 0,
  r14: 8,
  r13: 16,
  r12: 24,
  bp: 32,
  bx: 40,
  r11: 48,
  r10: 56,
  r9: 64,
  r8: 72,
  ax: 80,
  cx: 88,
  dx: 96,
  si: 104,
  di: 112,
  orig_ax: 120,
  ip: 128,
  cs: 136,
  flags: 144,
  sp: 152,
  ss: 160,
} as const;

/** Bytes. */
export const PT_REGS_SIZE = 168;

/** Registers that hold the first six arguments of a function call. */
export const CALL_ARGS: readonly (keyof typeof PT_REGS)[] = ["di", "si", "dx", "cx", "r8", "r9"];

/** Registers that hold the first six arguments of a system call. */
export const SYSCALL_ARGS: readonly (keyof typeof PT_REGS)[] = ["di", "si", "dx", "r10", "r8", "r9"];

/** Writes one register of the `struct pt_regs` at `regs`. */
export function setReg(memory: Memory, regs: number, name: keyof typeof PT_REGS, value: bigint): void {
  memory.dataView.setBigUint64(regs + PT_REGS[name], BigInt.asUintN(64, value), true);
}
