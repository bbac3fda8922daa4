import { isAlnum } from "./ctype.ts";
import { putNumber } from "./number.ts";
import type { Output } from "./output.ts";
import type { Prepared } from "./prepare.ts";
import { decodeSpec, LEFT, SIGN, SMALL, type Spec, ZEROPAD } from "./spec.ts";

/**
 * The second half of every helper that prints: the format, with the arguments in their binary form.
 *
 * @see v6.18 lib/vsprintf.c, bstr_printf
 */

const PERCENT = 0x25;
const BLANK = 0x20;
/** Digits of a pointer. */
const POINTER_WIDTH = 16;

/** Reads binary arguments in order. */
class Arguments {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  /** 4 or 8 bytes, unsigned. */
  number(size: number): bigint {
    this.#at = (this.#at + 3) & ~3;
    let value = 0n;
    for (let i = 0; i < size; i++) value |= BigInt(this.byte()) << BigInt(8 * i);
    return value;
  }

  /** The string that is next, without its NUL. */
  peekText(): Uint8Array {
    const end = this.#bytes.indexOf(0, this.#at);
    return this.#bytes.subarray(this.#at, end < 0 ? this.#bytes.length : end);
  }

  text(): Uint8Array {
    const text = this.peekText();
    this.#at += text.length + 1;
    return text;
  }
}

/** Names a kernel symbol, `+0x<offset>/0x<size>` behind it if `offset`; undefined where none is. */
export type SymbolName = (address: bigint, offset: boolean) => string | undefined;

/** Prints; {@link Output.length} is then what printf answers. */
export function render(out: Output, { format, args }: Prepared, symbol: SymbolName): void {
  const values = new Arguments(args);
  const length = format.length - 1;
  for (let i = 0; i < length; ) {
    if (format[i] !== PERCENT) {
      const end = format.indexOf(PERCENT, i);
      const stop = end < 0 ? length : end;
      out.write(format.subarray(i, stop));
      i = stop;
      continue;
    }
    const spec = decodeSpec(format, i);
    i = spec.next;
    switch (String.fromCharCode(spec.letter)) {
      case "%":
        out.put(PERCENT);
        break;
      case "c":
        putPadded(out, Uint8Array.of(values.byte()), spec);
        break;
      case "s":
        putPadded(out, values.text(), spec);
        break;
      case "p":
        putPointer(out, format[i]!, values, spec, symbol);
        // Whatever letters follow belong to the conversion.
        while (isAlnum(format[i]!)) i++;
        break;
      default:
        putNumber(out, integer(values, spec), spec);
    }
  }
}

function integer(values: Arguments, { longs, flags }: Spec): bigint {
  if (longs > 0) return values.number(8);
  const value = values.number(4);
  return (flags & SIGN) !== 0 ? BigInt.asUintN(64, BigInt.asIntN(32, value)) : value;
}

function putPadded(out: Output, text: Uint8Array, { flags, width }: Spec): void {
  const missing = width - text.length;
  if ((flags & LEFT) === 0) out.pad(BLANK, missing);
  out.write(text);
  if ((flags & LEFT) !== 0) out.pad(BLANK, missing);
}

function putPointer(out: Output, kind: number, values: Arguments, spec: Spec, symbol: SymbolName): void {
  const letter = String.fromCharCode(kind);
  if (isAlnum(kind) && !"SsxKe".includes(letter)) {
    // Printed already when the arguments were prepared. Linux forgets to step over it where nothing fits any more.
    if (!out.isFull) out.write(values.text());
    return;
  }
  const address = values.number(8);
  if (letter === "s" || letter === "S") {
    const name = symbol(address, letter === "S") ?? `0x${address.toString(16)}`;
    putPadded(
      out,
      Uint8Array.from(name, (c) => c.charCodeAt(0)),
      spec,
    );
    return;
  }
  const bare = spec.width === -1;
  putNumber(out, address, {
    base: 16,
    flags: spec.flags | SMALL | (bare ? ZEROPAD : 0),
    width: bare ? POINTER_WIDTH : spec.width,
  });
}
