/** What a codec decodes to, by default; options choose between some of them. */
export type BtfValue = number | bigint | string | boolean | BtfValue[] | { [name: string]: BtfValue };

/** One compiled type. `at` is known to have `size` bytes behind it. */
export interface Node {
  /** Bytes. */
  readonly size: number;
  /** How many values one decoding makes; bounds what hostile types can cost. */
  readonly weight: number;
  read(bytes: Uint8Array, at: number): BtfValue;
  /** The bytes are 0 before. @throws Refusal */
  write(value: unknown, bytes: Uint8Array, at: number): void;
}

/** The part of a value that goes on behind its type's size, up to the end of the bytes. */
export interface TailNode {
  /** What stands for no elements. */
  readonly empty: BtfValue;
  /** @throws Refusal */
  bytesOf(value: unknown): number;
  read(bytes: Uint8Array, at: number): BtfValue;
  /** @throws Refusal */
  write(value: unknown, bytes: Uint8Array, at: number): void;
}

/** A value does not fit; the path to it grows while the refusal passes outwards, and {@link Codec.encode} makes it a BtfError. */
export class Refusal {
  readonly text: string;
  path = "";

  constructor(text: string) {
    this.text = text;
  }
}

/** `expected …, got …` @throws Refusal */
export function refuse(expected: string, value: unknown): never {
  throw new Refusal(`expected ${expected}, got ${show(value)}`);
}

/** A value in a message: short, and never failing. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 37)}...` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "function" ? "a function" : String(value);
}
