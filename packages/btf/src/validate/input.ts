import { BTF_KIND_INT, BTF_KIND_NAMES, type BtfKind } from "../kinds.ts";
import { isIdentifier } from "./names.ts";

/** The three words that every record starts with. */
export const RECORD_HEAD = 12;

/**
 * The BTF under test: raw access that never throws for what has been checked so far. Records are told by their id; their fields lie at byte
 * offsets behind the head.
 */
export class Input {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Byte offset of each record, by id; id 0 (void) has none. */
  readonly records: number[] = [-1];
  /** String section. */
  strings: Uint8Array = new Uint8Array(0);

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u32(offset: number): number {
    return this.view.getUint32(offset, true);
  }

  /** Number of ids, void included. */
  get typeCount(): number {
    return this.records.length;
  }

  has(id: number): boolean {
    return id < this.records.length;
  }

  /** The word at `index` behind the head. */
  extra(id: number, index: number): number {
    return this.u32(this.records[id]! + RECORD_HEAD + index * 4);
  }

  nameOffset(id: number): number {
    return id === 0 ? 0 : this.u32(this.records[id]!);
  }

  info(id: number): number {
    return id === 0 ? 0 : this.u32(this.records[id]! + 4);
  }

  /** Size or referenced id. */
  third(id: number): number {
    return id === 0 ? 0 : this.u32(this.records[id]! + 8);
  }

  kind(id: number): BtfKind {
    return BTF_KIND_NAMES[(this.info(id) >>> 24) & 0x1f]!;
  }

  vlen(id: number): number {
    return this.info(id) & 0xffff;
  }

  flag(id: number): boolean {
    return this.info(id) >>> 31 === 1;
  }

  isInt(id: number): boolean {
    return ((this.info(id) >>> 24) & 0x1f) === BTF_KIND_INT;
  }

  member(id: number, index: number): RawMember {
    return {
      name: this.extra(id, index * 3),
      type: this.extra(id, index * 3 + 1),
      offset: this.extra(id, index * 3 + 2),
    };
  }

  isNameOffset(offset: number): boolean {
    return offset <= 0x00ffffff && offset < this.strings.length;
  }

  /** Whether an offset is one, of an identifier. */
  isIdentifierAt(offset: number): boolean {
    return this.isNameOffset(offset) && isIdentifier(this.strings, offset);
  }

  /** A name as logs show it, a character a byte, as much of it as anybody looks at. */
  shown(offset: number): string {
    if (offset === 0) return "(anon)";
    if (offset >= this.strings.length) return "(invalid-name-offset)";
    const text = this.strings.subarray(offset, offset + MAX_SHOWN);
    const end = text.indexOf(0);
    return String.fromCharCode.apply(undefined, (end < 0 ? text : text.subarray(0, end)) as unknown as number[]);
  }
}

/** Bytes of a string that are shown: as many as a piece of the log has. */
const MAX_SHOWN = 1023;

/** A member as its record has it. */
export interface RawMember {
  name: number;
  type: number;
  /** With the struct's kind flag: width << 24 | bit offset, else the bit offset. */
  offset: number;
}
