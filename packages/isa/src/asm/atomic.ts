/**
 * Atomic instructions: everything but `lock *(u64 *)(r1 +0) += r2` is an assignment from, or a call of, something like a function.
 *
 * @module
 */
import {
  BPF_ATOMIC,
  BPF_CMPXCHG,
  BPF_DW,
  BPF_FETCH,
  BPF_LOAD_ACQ,
  BPF_STORE_REL,
  BPF_STX,
  BPF_W,
  BPF_XCHG,
} from "../opcodes.ts";
import { ALU_OPERATORS, ATOMIC_NAMES, atomicOperation } from "../text/operators.ts";
import {
  address,
  type Context,
  checkValueRegister,
  type Draft,
  draft,
  pointerType,
  type Register,
  register,
  sameRegister,
} from "./draft.ts";
import { syntaxError } from "./place.ts";

/** Sizes of what atomic operations other than load-acquire and store-release work on. */
const WORDS: readonly number[] = [BPF_W, BPF_DW];

/** Takes `(u32 *)(r1 +4)`. In LLVM's syntax the size must be one of these; logs print what Linux refuses, too. */
function typedAddress(context: Context, sizes?: readonly number[]): { size: number; base: number; off: number } {
  const { scanner, kernel } = context;
  const place = scanner.place;
  const { size, isSigned } = pointerType(context);
  if (!kernel && sizes?.includes(size) === false) throw syntaxError(place, "this operation is on u32 or u64");
  if (isSigned) throw scanner.wrong("atomics are unsigned");
  scanner.expect("(");
  const at = address(context);
  scanner.expect(")");
  return { size, ...at };
}

function atomic(size: number, dst: number, src: number, off: number, imm: number): Draft {
  return draft(BPF_STX | BPF_ATOMIC | size, { dst, src, off, imm });
}

/** `lock *(u64 *)(r1 +0) += r2`, behind `lock`. */
export function lockStatement(context: Context): Draft {
  const { scanner } = context;
  scanner.expect("*");
  const { size, base, off } = typedAddress(context, WORDS);
  const nibble = ALU_OPERATORS.indexOf(scanner.peek());
  if (ATOMIC_NAMES[nibble] === undefined) throw scanner.expected("+=, |=, &= or ^=");
  scanner.take();
  const value = register(context);
  checkValueRegister(context, value, size !== BPF_DW);
  return atomic(size, base, value.index, off, nibble << 4);
}

/** `store_release((u64 *)(r1 +0), r2)`, behind its name. */
export function storeRelease(context: Context): Draft {
  const { scanner } = context;
  scanner.expect("(");
  const { size, base, off } = typedAddress(context);
  scanner.expect(",");
  const value = register(context);
  checkValueRegister(context, value, size !== BPF_DW);
  scanner.expect(")");
  return atomic(size, base, value.index, off, BPF_STORE_REL);
}

/**
 * What can stand behind `result = `: `load_acquire(…)`, `atomic64_fetch_add(…)`, `xchg_64(…)` and so on.
 *
 * @returns undefined, with nothing taken, where the next word is none of them.
 */
export function atomicAssignment(context: Context, result: Register): Draft | undefined {
  const { scanner, kernel } = context;
  const name = scanner.peek();
  if (name === "load_acquire") {
    scanner.take();
    scanner.expect("(");
    const { size, base, off } = typedAddress(context);
    scanner.expect(")");
    checkValueRegister(context, result, size !== BPF_DW);
    return atomic(size, result.index, base, off, BPF_LOAD_ACQ);
  }
  const parts = (kernel ? KERNEL_NAME : LLVM_NAME).exec(name);
  if (parts === null) return undefined;
  scanner.take();
  const groups = parts.groups!;
  scanner.expect("(");
  let size = groups["half"] === undefined ? BPF_DW : BPF_W;
  let at: { base: number; off: number };
  if (kernel || groups["fetch"] !== undefined) {
    const typed = typedAddress(context, WORDS);
    // LLVM's fetches are named alike for both sizes; in logs the name says it.
    if (kernel && (typed.size === BPF_DW) !== name.startsWith("atomic64"))
      throw scanner.wrong(`${name} of another size`);
    size = typed.size;
    at = typed;
  } else {
    at = address(context);
  }
  checkResult(context, result, size);
  const operation = groups["fetch"] === undefined ? undefined : atomicOperation(groups["fetch"])!;
  scanner.expect(",");
  if (name.includes("cmpxchg")) {
    if (result.index !== 0) throw syntaxError(result.place, `${name} answers in r0`);
    sameRegister(context, result);
    scanner.expect(",");
    const value = register(context);
    checkResult(context, value, size);
    scanner.expect(")");
    return atomic(size, at.base, value.index, at.off, BPF_CMPXCHG);
  }
  sameRegister(context, result);
  scanner.expect(")");
  return atomic(size, at.base, result.index, at.off, operation === undefined ? BPF_XCHG : operation | BPF_FETCH);
}

const KERNEL_NAME = /^atomic(?:64)?_(?:fetch_(?<fetch>add|or|and|xor)|xchg|cmpxchg)$/u;
const LLVM_NAME = /^(?:atomic_fetch_(?<fetch>add|or|and|xor)|(?:cmp)?xchg(?:_64|(?<half>32_32)))$/u;

/** LLVM's fetching atomics exist with `w` registers for 32 bits and with `r` registers for 64 bits alone; logs say `r` for both. */
function checkResult({ kernel }: Context, { wide, place }: Register, size: number): void {
  if (wide !== (kernel || size === BPF_DW))
    throw syntaxError(place, `registers of this operation are ${wide ? "w" : "r"}0..`);
}
