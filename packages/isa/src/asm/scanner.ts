import type { IsaError } from "../error.ts";
import { expression } from "./expression.ts";
import { type Place, syntaxError } from "./place.ts";

/** A number of the text, before it is known what it may be. */
export interface Numeral {
  readonly value: bigint;
  readonly place: Place;
}

/** The words of one line, one after the other. */
export class Scanner {
  /** Words of both syntaxes: operators that start with the letter s, names, numbers, characters, the other operators, single characters. */
  readonly #token: RegExp =
    /s(?:>>=|[/%]=|[<>]=?)|[A-Za-z_.$][\w.$]*|\d\w*|'(?:\\.|[^\\'])'|<<=|>>=|[-+*/%|&^=!<>]=|./suy;
  readonly #text: string;
  readonly #line: number;
  /** The kernel log's syntax; else LLVM's, where numbers may be expressions. */
  readonly #kernel: boolean;
  /** Start of the word that comes next. */
  #at = 0;
  /** Start of the word that was taken last. */
  #last = 0;

  constructor(text: string, line: number, kernel: boolean) {
    this.#text = text;
    this.#line = line;
    this.#kernel = kernel;
    this.#skip(0);
  }

  #skip(from: number): void {
    let at = from;
    while (at < this.#text.length && /\s/u.test(this.#text[at]!)) at++;
    this.#at = at;
  }

  /** Where the next word starts. */
  get place(): Place {
    return { line: this.#line, column: this.#at + 1 };
  }

  /** Nothing is left. */
  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  /** The next word, empty at the end of the line. */
  peek(): string {
    if (this.done) return "";
    this.#token.lastIndex = this.#at;
    return this.#token.exec(this.#text)![0];
  }

  /** Takes the next word, whatever it is. */
  take(): string {
    const word = this.peek();
    this.#last = this.#at;
    this.#skip(this.#at + word.length);
    return word;
  }

  /** Takes the next word if it is this one. */
  accept(word: string): boolean {
    if (this.peek() !== word) return false;
    this.take();
    return true;
  }

  /** Takes these words, which must come next. */
  expect(...words: string[]): void {
    for (const word of words) if (!this.accept(word)) throw this.expected(`"${word}"`);
  }

  /** Takes what a pattern (sticky) matches right here; undefined where it does not. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#last = this.#at;
    this.#skip(this.#at + found[0].length);
    return found;
  }

  /** An error that says what should stand here instead of the next word. */
  expected(what: string): IsaError {
    const got = this.peek();
    return syntaxError(this.place, `expected ${what}, got ${got === "" ? "the end of the line" : `"${got}"`}`);
  }

  /** An error about the word that was taken last. */
  wrong(message: string, code?: "ISA_RANGE"): IsaError {
    return syntaxError(this.lastPlace, message, code);
  }

  /** Where the word that was taken last starts. */
  get lastPlace(): Place {
    return { line: this.#line, column: this.#last + 1 };
  }

  /** What a pattern (sticky) matches right here; undefined where it does not. Takes nothing. */
  ahead(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0];
  }

  /** True where a number comes next, with or without a sign. In LLVM's syntax an expression starts like that, too: never with a bracket. */
  get atNumber(): boolean {
    return this.ahead(this.#kernel ? /[-+]?\s*\d/y : /[-+]?\s*[\d']/y) !== undefined;
  }

  /** Takes a number: a whole one with an optional sign, decimal, `0x…` or `0b…`; in LLVM's syntax an expression. */
  numeral(what: string): Numeral {
    const place = this.place;
    if (!this.#kernel) {
      if (!this.atNumber) throw this.expected(what);
      return { value: expression(this, what), place };
    }
    const sign = this.accept("-") ? -1n : 1n;
    if (sign === 1n) this.accept("+");
    const digits = this.peek();
    if (!/^(?:0|[1-9]\d*|0[xX][\da-fA-F]+|0[bB][01]+)$/u.test(digits)) throw this.expected(what);
    this.take();
    return { value: sign * BigInt(digits), place };
  }

  /**
   * Checks a number.
   *
   * @param min Smallest value allowed.
   * @param max Largest value allowed.
   * @returns Its value. In LLVM's syntax numbers have 64 bits, so that 0xffffffffffffffff is -1 where that is allowed.
   */
  within({ value, place }: Numeral, what: string, min: bigint, max: bigint): bigint {
    if (value >= min && value <= max) return value;
    const signed = BigInt.asIntN(64, value);
    if (!this.#kernel && value < 1n << 64n && value > 0n && signed >= min && signed < 0n) return signed;
    throw syntaxError(place, `${what} is ${value}, allowed is ${min}..${max}`, "ISA_RANGE");
  }

  /** Takes a number and checks it, as {@link numeral} and {@link within}. */
  integer(what: string, min: bigint, max: bigint): bigint {
    return this.within(this.numeral(what), what, min, max);
  }

  /** A number for a 32-bit field, written signed or unsigned; answers it signed. */
  int32(what: string, numeral: Numeral = this.numeral(what)): number {
    return Number(BigInt.asIntN(32, this.within(numeral, what, -0x8000_0000n, 0xffff_ffffn)));
  }

  /** How far to go, where that is 32 bits. */
  distance(): number {
    return Number(this.integer("distance", -0x8000_0000n, 0x7fff_ffffn));
  }

  /** A number for the 16-bit `off`. */
  int16(what: string): number {
    return Number(this.integer(what, -0x8000n, 0x7fffn));
  }
}
