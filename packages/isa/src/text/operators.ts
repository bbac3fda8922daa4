/**
 * How operators and sizes are spelled: the same in the kernel's log, in LLVM's assembly, in the builders and in the assembler.
 *
 * @see v6.18 kernel/bpf/disasm.c; llvm 19 lib/Target/BPF/BPFInstrInfo.td
 * @module
 */

/** Assignment operator of arithmetic, by `op >> 4`. What is no operator in any program has the word that the kernel prints. */
export const ALU_OPERATORS: readonly string[] =
  /* @__PURE__ */ "+= -= *= /= |= &= <<= >>= neg %= ^= = s>>= endian".split(" ");

/** Comparison operator of jumps, by `op >> 4`. */
export const JMP_OPERATORS: readonly string[] = /* @__PURE__ */ "jmp == > >= & != s> s>= call exit < <= s< s<=".split(
  " ",
);

/** Types of loads and stores, by `size >> 3`. */
export const UNSIGNED_SIZES: readonly string[] = ["u32", "u16", "u8", "u64"];

/** Types of sign-extending loads, by `size >> 3`; there is none of 64 bits. */
export const SIGNED_SIZES: readonly string[] = ["s32", "s16", "s8"];

/** Names of fetching atomics, by `op >> 4`. */
export const ATOMIC_NAMES: Readonly<Record<number, string>> = { 0: "add", 4: "or", 5: "and", 10: "xor" };

/** The operation bits of `add`, `or`, `and` or `xor`. */
export function atomicOperation(name: string): number | undefined {
  for (const nibble of [0x0, 0x4, 0x5, 0xa]) if (ATOMIC_NAMES[nibble] === name) return nibble << 4;
  return undefined;
}

/** `%+d`. */
export function signed(n: number): string {
  return n < 0 ? `${n}` : `+${n}`;
}

/** The two halves of a 64-bit immediate as `0x%llx`. */
export function hex64(low: number, high: number): string {
  const lower = (low >>> 0).toString(16);
  return high === 0 ? `0x${lower}` : `0x${(high >>> 0).toString(16)}${lower.padStart(8, "0")}`;
}

/** The two halves of a 64-bit immediate as one unsigned number. */
export function join64(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** Two hexadecimal digits. */
export function hex8(code: number): string {
  return code.toString(16).padStart(2, "0");
}
