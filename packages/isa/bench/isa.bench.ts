/**
 * What the benchmark frame measures of this package. Each function does its work once and answers how many instructions that was.
 *
 * @module
 */
import { assembleKernel, decode, encode, formatKernel, formatLlvm, type Insn, insnSlots } from "../src/index.ts";

/** Slots of a program as they are in use. */
const SLOTS = 1_000;
/** And of one that is larger than most: all of its records are alive at once, which is work for the garbage collector. */
const MANY_SLOTS = 100_000;

/** A program of this many slots whose instructions come in a mix that compilers make. */
function mix(slots: number): Insn[] {
  const text = [
    "r6 = r1",
    "r2 = *(u32 *)(r6 +76)",
    "*(u64 *)(r10 -8) = r2",
    "if r2 > 0x40 goto pc+3",
    "w3 = 7",
    "r1 = 0x1122334455667788 ll",
    "call bpf_map_lookup_elem#1",
    "lock *(u64 *)(r0 +0) += r6",
    "r3 <<= 32",
  ];
  const unit = assembleKernel(text.join("\n"));
  return Array.from({ length: slots }, (_, i) => ({ ...unit[i % unit.length]! }));
}

const insns: readonly Insn[] = mix(SLOTS);
const bytes: Uint8Array = encode(insns);
const manyBytes: Uint8Array = encode(mix(MANY_SLOTS));
const listing: string = lines(formatKernel).join("\n");

function lines(format: (insns: readonly Insn[], i: number) => string): string[] {
  const out: string[] = [];
  for (let i = 0; i + 1 < insns.length; i += insnSlots(insns[i]!)) out.push(format(insns, i));
  return out;
}

/** Bytes to records. */
export function benchDecode(): number {
  return decode(bytes).length;
}

/** Bytes of a large program to records. */
export function benchDecodeMany(): number {
  return decode(manyBytes).length;
}

/** Records to bytes. */
export function benchEncode(): number {
  return encode(insns).length / 8;
}

/** Text of the kernel's log. */
export function benchFormatKernel(): number {
  return lines(formatKernel).length;
}

/** Text of llvm-objdump. */
export function benchFormatLlvm(): number {
  return lines(formatLlvm).length;
}

/** Text of the kernel's log to records. */
export function benchAssembleKernel(): number {
  return assembleKernel(listing).length;
}
