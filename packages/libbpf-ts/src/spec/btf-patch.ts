import type { Btf } from "@bpf-ts/btf";

/** Bytes of BTF's header, and the number that it begins with. */
const HEADER_SIZE = 24;
const BTF_MAGIC = 0xeb9f;
const BTF_VERSION = 1;
const KIND_INT = 1;
const KIND_VAR = 14;
const toUtf8 = /* @__PURE__ */ new TextEncoder();

/**
 * Changes to a copy of a piece of BTF: words of its records, and types and strings behind the present ones.
 *
 * @see v6.18 Documentation/bpf/btf.rst, "BTF Type and String Encoding"
 */
export class BtfPatch {
  readonly #btf: Btf;
  /** The type section, little-endian whatever the original. */
  readonly #words: Uint32Array;
  readonly #addedWords: number[] = [];
  #addedTypes = 0;
  readonly #addedStrings = new Map<string, number>();
  #stringsEnd: number;

  constructor(btf: Btf) {
    this.#btf = btf;
    this.#words = btf.words.slice();
    this.#stringsEnd = btf.strings.length;
  }

  /** Word `index` of a type's record: 0 is its name, 1 its info, 2 its size or type. */
  setWord(id: number, index: number, value: number): void {
    this.#words[this.#btf.recordOf(id) + index] = value;
  }

  setSize(id: number, size: number): void {
    this.setWord(id, 2, size);
  }

  /** The low 16 bits of info; of a function its linkage. */
  setVlen(id: number, vlen: number): void {
    const at = this.#btf.recordOf(id) + 1;
    this.#words[at] = (this.#words[at]! & 0xffff0000) | vlen;
  }

  /** Gives parameters of a function prototype that have no name that one. */
  nameParams(protoId: number, name: string): void {
    if (this.#btf.kindOf(protoId) !== "func_proto") return;
    const params = this.#btf.recordOf(protoId) + 3;
    for (let i = 0; i < this.#btf.vlenOf(protoId); i++) {
      const at = params + 2 * i;
      if (this.#words[at] === 0 && this.#words[at + 1] !== 0) this.#words[at] = this.#addString(name);
    }
  }

  /** @returns the new type's id */
  addInt(name: string, size: number, encoding: number): number {
    return this.#addType(name, KIND_INT, size, (encoding << 24) | (size * 8));
  }

  /** @returns the new variable's id */
  addVar(name: string, type: number, linkage: number): number {
    return this.#addType(name, KIND_VAR, type, linkage);
  }

  #addType(name: string, kind: number, sizeOrType: number, last: number): number {
    this.#addedWords.push(this.#addString(name), kind << 24, sizeOrType, last);
    return this.#btf.typeCount + this.#addedTypes++;
  }

  /** Offset of a string in the string section. */
  #addString(text: string): number {
    const known = this.#addedStrings.get(text);
    if (known !== undefined) return known;
    const offset = this.#stringsEnd;
    this.#addedStrings.set(text, offset);
    this.#stringsEnd += text.length + 1;
    return offset;
  }

  /** The changed BTF: little-endian, sections without gaps. */
  toBytes(): Uint8Array {
    const typesSize = 4 * (this.#words.length + this.#addedWords.length);
    const bytes = new Uint8Array(HEADER_SIZE + typesSize + this.#stringsEnd);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, BTF_MAGIC, true);
    view.setUint8(2, BTF_VERSION);
    for (const [at, value] of [
      [4, HEADER_SIZE],
      [12, typesSize],
      [16, typesSize],
      [20, this.#stringsEnd],
    ] as const)
      view.setUint32(at, value, true);
    let at = HEADER_SIZE;
    for (const words of [this.#words, this.#addedWords])
      for (const word of words) {
        view.setUint32(at, word, true);
        at += 4;
      }
    bytes.set(this.#btf.strings, at);
    for (const [text, offset] of this.#addedStrings) bytes.set(toUtf8.encode(text), at + offset);
    return bytes;
  }
}
