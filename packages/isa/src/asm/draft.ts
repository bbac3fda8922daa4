import { BPF_W } from "../opcodes.ts";
import { SIGNED_SIZES, UNSIGNED_SIZES } from "../text/operators.ts";
import { type Place, syntaxError } from "./place.ts";
import type { Scanner } from "./scanner.ts";

/** An instruction that is being read. */
export interface Draft {
  code: number;
  dst: number;
  src: number;
  off: number;
  imm: number;
  /** imm of the second slot; only `ld_imm64` has one. */
  next?: number;
  /** A name that becomes a number once all labels are known. */
  label?: LabelUse;
}

/** A use of a label. */
export interface LabelUse {
  readonly name: string;
  readonly place: Place;
  /** Which field its distance in slots goes to. `callee`: imm of a call that may name a helper instead. */
  readonly field: "off" | "imm" | "callee";
}

/** One of the two syntaxes, and the line being read in it. */
export interface Context {
  readonly scanner: Scanner;
  /** The kernel log's syntax; else LLVM's. */
  readonly kernel: boolean;
  /** The opcode that the line gives in front, as logs do. */
  readonly opcode: number | undefined;
}

/** A register as written: `r1`, or `w1` for its lower half. */
export interface Register {
  readonly index: number;
  readonly wide: boolean;
  readonly place: Place;
}

/** A draft with everything zero but the opcode. */
export function draft(code: number, fields: Partial<Draft> = {}): Draft {
  return { code, dst: 0, src: 0, off: 0, imm: 0, ...fields };
}

/** What a word names as a register; undefined if none. Logs name up to r15, LLVM up to r11. */
export function asRegister(word: string, kernel: boolean): Omit<Register, "place"> | undefined {
  const found = /^([rw])(\d|1\d)$/u.exec(word);
  if (found === null) return undefined;
  const index = Number(found[2]);
  return index > (kernel ? 15 : 11) ? undefined : { index, wide: found[1] === "r" };
}

/** Takes a register. */
export function register({ scanner, kernel }: Context, what = "a register"): Register {
  const found = asRegister(scanner.peek(), kernel);
  if (found === undefined) throw scanner.expected(what);
  const place = scanner.place;
  scanner.take();
  return { ...found, place };
}

/** Takes a 64-bit register. */
export function wideRegister(context: Context): number {
  const { scanner } = context;
  if (!asRegister(scanner.peek(), context.kernel)?.wide) throw scanner.expected("a register r0..r10");
  return register(context).index;
}

/** Takes this very register. */
export function sameRegister({ scanner }: Context, { index, wide }: Register): void {
  scanner.expect(`${wide ? "r" : "w"}${index}`);
}

/**
 * Refuses the register that a load, store or atomic of this size moves where its name is wrong: logs always say `r1`; LLVM says `w1` or `r1` for up
 * to 32 bits.
 */
export function checkValueRegister({ kernel }: Context, { index, wide, place }: Register, narrow: boolean): void {
  if (!wide && (kernel || !narrow)) throw syntaxError(place, `w${index} can't hold this value, r${index} can`);
}

/** Takes `(u32 *)`. Answers the size and whether it is a signed type. */
export function pointerType({ scanner }: Context): { size: number; isSigned: boolean } {
  scanner.expect("(");
  const name = scanner.peek();
  const isSigned = name.startsWith("s");
  const index = (isSigned ? SIGNED_SIZES : UNSIGNED_SIZES).indexOf(name);
  if (index < 0) throw scanner.expected("a type such as u32");
  scanner.take();
  scanner.expect("*", ")");
  return { size: BPF_W + index * 8, isSigned };
}

/** Takes `r1 +4`: a base register and an offset. */
export function address(context: Context): { base: number; off: number } {
  const { scanner } = context;
  const base = wideRegister(context);
  const word = scanner.peek();
  if (word !== "+" && word !== "-") throw scanner.expected("an offset such as +0");
  return { base, off: scanner.int16("offset") };
}
