import type { Run } from "@bpf-ts/vm";

/**
 * 64-bit arguments and results of helpers that are declared `wide`.
 */

/** High 32 bits of argument `n` (1–5), signed. */
export function high(run: Run, n: number): number {
  return run.memory.getI32(run.args + 8 * n - 4);
}

/** All 64 bits of argument `n` (1–5), unsigned. */
export function arg64(run: Run, n: number): bigint {
  return run.memory.getU64(run.args + 8 * (n - 1));
}

/** Flags of a map operation, of which it knows the low 32 bits only: -1, which all refuse, where a high one is set. */
export function mapFlags(run: Run, n: number, low: number): number {
  return high(run, n) === 0 ? low : -1;
}

/** Leaves a 64-bit result. @returns what a wide helper returns */
export function result64(run: Run, value: bigint): number {
  run.memory.setU64(run.args, value);
  return 0;
}

/** Leaves a 64-bit result by halves. */
export function resultHalves(run: Run, lo: number, hi: number): number {
  run.memory.setU32(run.args, lo);
  run.memory.setU32(run.args + 4, hi);
  return 0;
}
