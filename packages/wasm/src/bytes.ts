import { WasmError } from "./error.ts";
import { checkLimit, MAX_MODULE_BYTES, MAX_NAME_BYTES } from "./limits.ts";

/**
 * Bytes that grow at their end, in the binary format's encodings. Integers are LEB128 of the least length.
 *
 * @see WebAssembly Core Specification 5.2 (values)
 */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(64);
  #length = 0;
  readonly #limit: number;

  /** @param limit bytes beyond which writing throws `LIMIT` */
  constructor(limit: number = MAX_MODULE_BYTES) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#length;
  }

  #grow(more: number): void {
    const needed = this.#length + more;
    checkLimit(needed, this.#limit, "bytes");
    const bytes = new Uint8Array(Math.min(Math.max(needed, this.#bytes.length * 2), this.#limit));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }

  u8(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  /** @param value 0 … 2³² − 1 */
  u32(value: number): void {
    while (value > 0x7f) {
      this.u8((value & 0x7f) | 0x80);
      value >>>= 7;
    }
    this.u8(value);
  }

  /** @param value an integer whose low 32 bits are written as a signed number */
  s32(value: number): void {
    let rest = value | 0;
    // One byte holds 7 bits, the highest of which is the sign.
    while (rest < -64 || rest > 63) {
      this.u8((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.u8(rest & 0x7f);
  }

  /** A signed 64-bit number from its halves. */
  s64(low: number, high: number): void {
    let lo = low | 0;
    let hi = high | 0;
    // While the number is more than the sign extension of its low 7 bits.
    while (hi !== lo >> 31 || lo < -64 || lo > 63) {
      this.u8((lo & 0x7f) | 0x80);
      lo = (lo >>> 7) | (hi << 25);
      hi >>= 7;
    }
    this.u8(lo & 0x7f);
  }

  bytes(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** A vector's length and its bytes. */
  vector(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.bytes(bytes);
  }

  name(text: string): void {
    this.vector(utf8(text));
  }

  /** What was written: a view, until the next write. */
  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** @throws {WasmError} `NAME` for halves of surrogate pairs, `LIMIT` for too many bytes */
export function utf8(text: string): Uint8Array {
  if (/\p{Surrogate}/u.test(text)) throw new WasmError("NAME", `${JSON.stringify(text)} is no Unicode text`);
  const bytes = new TextEncoder().encode(text);
  checkLimit(bytes.length, MAX_NAME_BYTES, "bytes of a name");
  return bytes;
}
