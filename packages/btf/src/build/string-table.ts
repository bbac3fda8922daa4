import type { Btf } from "../btf.ts";
import { BtfError } from "../error.ts";
import { encodeName } from "../read/strings.ts";

/** The strings of BTF that is being written, each once; strings of the base, and of what is being changed, are used where they are. */
export class StringTable {
  readonly #base: Btf | undefined;
  readonly #first: number;
  readonly #offsets = new Map<string, number>();
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  #baseOffsets: Map<string, number> | undefined;

  /** @param original BTF on the same base, whose section this one starts with. */
  constructor(base: Btf | undefined, original?: Btf) {
    this.#base = base;
    this.#first = base === undefined ? 0 : base.stringsEnd;
    if (original !== undefined && original.strings.length > 0) {
      ownStrings(original, this.#offsets);
      // Its last byte is the 0 that each chunk ends with.
      this.#chunks.push(original.strings.subarray(0, -1));
      this.#length = original.strings.length;
    } else if (base === undefined) this.#append("");
  }

  /** The name offset of `text`. @throws BtfError BTF_STRINGS for a string with a 0 character */
  offsetOf(text: string): number {
    if (text === "") return 0;
    const known = this.#offsets.get(text) ?? this.#inBase(text);
    return known ?? this.#append(text);
  }

  #append(text: string): number {
    if (text.includes("\0")) throw new BtfError("BTF_STRINGS", `name ${JSON.stringify(text)} holds a 0 character`);
    const bytes = encodeName(text);
    const offset = this.#first + this.#length;
    this.#offsets.set(text, offset);
    this.#chunks.push(bytes);
    this.#length += bytes.length + 1;
    return offset;
  }

  #inBase(text: string): number | undefined {
    if (this.#base === undefined) return undefined;
    this.#baseOffsets ??= stringsOf(this.#base);
    return this.#baseOffsets.get(text);
  }

  /** The section, 0-terminated strings one after the other. */
  bytes(): Uint8Array {
    const out = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      out.set(chunk, at);
      at += chunk.length + 1;
    }
    return out;
  }
}

function stringsOf(btf: Btf): Map<string, number> {
  return ownStrings(btf, btf.base === undefined ? new Map() : stringsOf(btf.base));
}

/** Adds the strings of a BTF's own section, unless they are there. */
function ownStrings(btf: Btf, offsets: Map<string, number>): Map<string, number> {
  const { strings, firstString } = btf;
  for (let start = 0; start < strings.length; start = strings.indexOf(0, start) + 1) {
    const text = btf.name(firstString + start);
    if (!offsets.has(text)) offsets.set(text, firstString + start);
  }
  return offsets;
}
