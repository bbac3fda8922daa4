/**
 * Numbers in LLVM's syntax: literals as in C and expressions of them. Arithmetic is exact here; what leaves 64 bits is refused, where LLVM
 * would cut bits off.
 *
 * @module
 */
import type { IsaError } from "../error.ts";
import { type Place, syntaxError } from "./place.ts";

/** What is read here, word by word: a `Scanner`. */
export interface Words {
  readonly place: Place;
  peek(): string;
  take(): string;
  expect(...words: string[]): void;
  ahead(pattern: RegExp): string | undefined;
  match(pattern: RegExp): RegExpExecArray | undefined;
  expected(what: string): IsaError;
}

/** How tightly binary operators bind: not as in C, `&`, `|` and `^` come before `+` and `-`. */
const PRECEDENCE: Readonly<Record<string, number>> = {
  "+": 1,
  "-": 1,
  "|": 2,
  "&": 2,
  "^": 2,
  "*": 3,
  "/": 3,
  "%": 3,
  "<<": 3,
  ">>": 3,
};

/** Brackets and signs within each other; no text should exhaust the stack. */
const MAX_DEPTH = 64;

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/**
 * Takes an expression.
 *
 * @param what What it stands for, for messages.
 * @throws {IsaError} `ISA_SYNTAX`, `ISA_RANGE`
 */
export function expression(scanner: Words, what: string): bigint {
  return binary(scanner, what, 1, 0);
}

function binary(scanner: Words, what: string, min: number, depth: number): bigint {
  const place = scanner.place;
  let left = operand(scanner, what, depth);
  for (;;) {
    const operator = scanner.ahead(/<<|>>|[-+*/%|&^]/y);
    const precedence = operator === undefined ? 0 : PRECEDENCE[operator]!;
    if (operator === undefined || precedence < min) return left;
    scanner.match(/<<|>>|[-+*/%|&^]/y);
    const at = scanner.place;
    const right = binary(scanner, "a number", precedence + 1, depth);
    if ((operator === "/" || operator === "%") && right === 0n) throw syntaxError(at, "division by zero");
    if (operator.length === 2 && (right < 0n || right > 63n)) {
      throw syntaxError(at, `shift is ${right}, allowed is 0..63`, "ISA_RANGE");
    }
    left = apply(operator, left, right);
    if (left < -(1n << 63n) || left >= 1n << 64n) throw syntaxError(place, `${what} leaves 64 bits`, "ISA_RANGE");
  }
}

function apply(operator: string, left: bigint, right: bigint): bigint {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "|":
      return left | right;
    case "&":
      return left & right;
    case "^":
      return left ^ right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
    case "<<":
      return left << right;
    default:
      // LLVM's shift to the right is of unsigned 64 bits.
      return BigInt.asUintN(64, left) >> right;
  }
}

/** A literal or an expression in brackets, with signs in front. */
function operand(scanner: Words, what: string, depth: number): bigint {
  if (depth > MAX_DEPTH) throw scanner.expected("fewer brackets and signs");
  switch (scanner.peek()) {
    case "-":
      scanner.take();
      return -operand(scanner, what, depth + 1);
    case "+":
      scanner.take();
      return operand(scanner, what, depth + 1);
    case "~":
      scanner.take();
      return ~operand(scanner, what, depth + 1);
    case "(": {
      scanner.take();
      const value = binary(scanner, what, 1, depth + 1);
      scanner.expect(")");
      return value;
    }
    default:
      return literal(scanner, what);
  }
}

function literal(scanner: Words, what: string): bigint {
  const word = scanner.peek();
  const character = /^'(?:\\(.)|([^\\]))'$/su.exec(word);
  if (character !== null) {
    scanner.take();
    const [, escaped, plain] = character;
    return BigInt((escaped === undefined ? plain! : (ESCAPES[escaped] ?? escaped)).codePointAt(0)!);
  }
  // A zero in front makes a number octal, as in C; what C says about its type is let pass.
  const number = /^(0[0-7]*|[1-9]\d*|0[xX][\da-fA-F]+|0[bB][01]+)U?L?L?$/u.exec(word)?.[1];
  if (number === undefined) throw scanner.expected(what);
  scanner.take();
  return BigInt(/^0[0-7]/u.test(number) ? `0o${number.slice(1)}` : number);
}
