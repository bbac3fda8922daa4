import { IsaError } from "../error.ts";

/** Where a piece of assembler text stands; both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** An error about assembler text: its message starts with `line:column: `, its details hold both. */
export function syntaxError(
  place: Place,
  message: string,
  code: "ISA_SYNTAX" | "ISA_LABEL" | "ISA_RANGE" = "ISA_SYNTAX",
): IsaError {
  const { line, column } = place;
  return new IsaError(`${line}:${column}: ${message}`, { code, details: { line, column } });
}

/** The words of one line, one after the other. */
export class Scanner {
  /** Words of both syntaxes: operators that start with the letter s, names, numbers, the other operators, single characters. */
  readonly #token: RegExp = /s(?:>>=|[/%]=|[<>]=?)|[A-Za-z_.$][\w.$]*|\d\w*|<<=|>>=|[-+*/%|&^=!<>]=|./suy;
  readonly #text: string;
  readonly #line: number;
  /** Start of the word that comes next. */
  #at = 0;
  /** Start of the word that was taken last. */
  #last = 0;

  constructor(text: string, line: number) {
    this.#text = text;
    this.#line = line;
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

  /** True where a pattern (sticky) matches right here. Takes nothing. */
  ahead(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  /** True where a number comes next, with or without a sign. */
  get atNumber(): boolean {
    return this.ahead(/[-+]?\s*\d/y);
  }

  /**
   * A whole number with an optional sign, decimal, `0x…` or `0b…`.
   *
   * @param min Smallest value allowed.
   * @param max Largest value allowed.
   */
  integer(what: string, min: bigint, max: bigint): bigint {
    const place = this.place;
    const sign = this.accept("-") ? -1n : 1n;
    if (sign === 1n) this.accept("+");
    const digits = this.peek();
    if (!/^(?:0|[1-9]\d*|0[xX][\da-fA-F]+|0[bB][01]+)$/u.test(digits)) throw this.expected(what);
    this.take();
    const value = sign * BigInt(digits);
    if (value < min || value > max) {
      throw syntaxError(place, `${what} is ${value}, allowed is ${min}..${max}`, "ISA_RANGE");
    }
    return value;
  }

  /** A number for a 32-bit field, written signed or unsigned; answers it signed. */
  int32(what: string): number {
    return Number(BigInt.asIntN(32, this.integer(what, -0x8000_0000n, 0xffff_ffffn)));
  }

  /** A number for the 16-bit `off`. */
  int16(what: string): number {
    return Number(this.integer(what, -0x8000n, 0x7fffn));
  }
}
