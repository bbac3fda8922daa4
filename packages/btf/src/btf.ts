import { BtfError, MAX_RESOLVE_DEPTH } from "./error.ts";
import {
  BTF_KIND_ARRAY,
  BTF_KIND_DECL_TAG,
  BTF_KIND_NAMES,
  BTF_KIND_RESTRICT,
  BTF_KIND_TYPE_TAG,
  BTF_KIND_TYPEDEF,
  type BtfKind,
} from "./kinds.ts";
import { type MemberPath, memberPath } from "./layout/member-path.ts";
import { alignOf, sizeOf } from "./layout/size.ts";
import type { TypeSource } from "./layout/type-source.ts";
import { decodeType } from "./read/decode-type.ts";
import { indexTypes } from "./read/index-types.ts";
import { NameIndex } from "./read/name-index.ts";
import { readSections } from "./read/sections.ts";
import { decodeName, encodeName, MAX_NAME_LENGTH, nameEquals } from "./read/strings.ts";
import type { BtfDeclTag, BtfFuncProto, BtfType } from "./types.ts";

/** Options of {@link Btf.parse}. */
export interface BtfParseOptions {
  /** What split BTF (a kernel module's) builds on: its ids and strings come first. */
  base?: Btf;
  /** Bytes of a pointer on the machine that the BTF describes. Default 8 (the base's, if there is one). */
  pointerSize?: 4 | 8;
}

/** As many look-ups by name scan the types; the next one builds the index, which costs about three scans. */
const SCANS_BEFORE_INDEX = 4;

/**
 * How often the long strings that were asked for may hold each byte of the section, on average. Where each string stands alone, it is once; where
 * strings end alike, a writer may let them share that end.
 */
const MAX_OVERLAP = 8;
/** Bytes of strings that are not counted as to that, whatever the section's size. */
const MIN_ROOM = 0x10000;

/**
 * Type information as it lies in a BTF section. Opening it makes one pass that finds the records; names and types are decoded when asked for.
 * Ids count from 1 (0 is void); with a base, its ids come first. Nothing here changes after `parse`.
 *
 * The bytes given are used in place and must not be modified as long as the object is in use.
 */
export class Btf implements TypeSource {
  /** The byte order that it was written in. */
  readonly littleEndian: boolean;
  /** Bytes of a pointer. */
  readonly pointerSize: number;
  readonly base: Btf | undefined;
  /** The first id that is this BTF's own: 1, or the base's `typeCount`. */
  readonly firstId: number;
  /** Number of ids, void and the base's included: ids are 0 … typeCount - 1 (as libbpf's `btf__type_cnt`). */
  readonly typeCount: number;
  /** The bytes that it was parsed from. */
  readonly bytes: Uint8Array;
  /** @internal Own types' records as words in the host's byte order. */
  readonly words: Uint32Array;
  /** @internal */
  readonly strings: Uint8Array;
  /** @internal Name offsets below this one are the base's. */
  readonly firstString: number;
  readonly #starts: Uint32Array;
  readonly #names = new Map<number, string>();
  /** Characters of the longer ones of `#names`. */
  #longNames = 0;
  #scans = 0;
  #index: NameIndex | undefined;
  #declTags: Map<number, readonly number[]> | undefined;

  private constructor(bytes: Uint8Array, options: BtfParseOptions) {
    const { base } = options;
    const sections = readSections(bytes, base !== undefined);
    this.bytes = bytes;
    this.base = base;
    this.littleEndian = sections.littleEndian;
    this.pointerSize = options.pointerSize ?? base?.pointerSize ?? 8;
    this.words = sections.words;
    this.strings = sections.strings;
    this.firstId = base === undefined ? 1 : base.typeCount;
    this.firstString = base === undefined ? 0 : base.firstString + base.strings.length;
    this.#starts = indexTypes(this.words, this.firstId);
    this.typeCount = this.firstId + this.#starts.length - 1;
  }

  /**
   * Opens a BTF section (`.BTF` of an object, `/sys/kernel/btf/vmlinux`, what BPF_OBJ_GET_INFO_BY_FD gives).
   *
   * Refuses what cannot be read, as libbpf does; {@link validateBtf} tells what the kernel would refuse.
   *
   * @throws BtfError BTF_HEADER, BTF_STRINGS, BTF_KIND, BTF_TRUNCATED
   */
  static parse(bytes: Uint8Array, options: BtfParseOptions = {}): Btf {
    return new Btf(bytes, options);
  }

  /** The whole record of a type. @throws BtfError BTF_TYPE_ID, BTF_STRINGS */
  type(id: number): BtfType {
    if (id === 0) return { kind: "void", id: 0, name: "void" };
    const owner = this.#ownerOf(id);
    return owner === this ? decodeType(this, id, this.recordOf(id)) : owner.type(id);
  }

  /** All types in the order of their ids, void and the base's left out. */
  *types(): IterableIterator<BtfType> {
    for (let id = this.firstId; id < this.typeCount; id++) yield this.type(id);
  }

  /** @internal Start of an own type's record in {@link Btf.words}. */
  recordOf(id: number): number {
    return this.#starts[id - this.firstId]!;
  }

  /** @internal An own type's record, in the host's byte order. */
  recordWords(id: number): Uint32Array {
    const n = id - this.firstId;
    return this.words.subarray(this.#starts[n]!, this.#starts[n + 1]!);
  }

  /** The BTF, this or one of its bases, that holds an id. */
  #ownerOf(id: number): Btf {
    if (id >= this.firstId) {
      if (id < this.typeCount && Number.isInteger(id)) return this;
    } else if (this.base !== undefined && id > 0) {
      return this.base.#ownerOf(id);
    }
    throw this.#noSuchType(id);
  }

  #noSuchType(id: number): BtfError {
    return new BtfError("BTF_TYPE_ID", `no type ${id}: ids are 0..${this.typeCount - 1}`, { details: { id } });
  }

  #word(id: number, index: number): number {
    if (id >= this.firstId && id < this.typeCount) return this.words[this.#starts[id - this.firstId]! + index]!;
    if (id === 0) return 0;
    if (this.base !== undefined && id < this.firstId) return this.base.#word(id, index);
    throw this.#noSuchType(id);
  }

  /** The kind of a type, without allocation. @throws BtfError BTF_TYPE_ID */
  kindOf(id: number): BtfKind {
    return BTF_KIND_NAMES[(this.#word(id, 1) >>> 24) & 0x1f]!;
  }

  /** `BTF_KIND_*` of a type, without allocation. @throws BtfError BTF_TYPE_ID */
  kindCodeOf(id: number): number {
    return (this.#word(id, 1) >>> 24) & 0x1f;
  }

  /** Number of members, values, parameters or variables. @throws BtfError BTF_TYPE_ID */
  vlenOf(id: number): number {
    return this.#word(id, 1) & 0xffff;
  }

  /** The info word's top bit, whose meaning depends on the kind. @throws BtfError BTF_TYPE_ID */
  kindFlagOf(id: number): boolean {
    return this.#word(id, 1) >>> 31 === 1;
  }

  /** The third word as it is: size in bytes, or the id of the referenced type, by kind. @throws BtfError BTF_TYPE_ID */
  sizeOrTypeOf(id: number): number {
    return this.#word(id, 2);
  }

  /** The name of a type, empty if it has none; decoded once. @throws BtfError BTF_TYPE_ID, BTF_STRINGS, BTF_LIMIT */
  nameOf(id: number): string {
    if (id === 0) return "void";
    const kind = this.kindCodeOf(id);
    const offset = this.#word(id, 0);
    return kind === BTF_KIND_DECL_TAG || kind === BTF_KIND_TYPE_TAG ? this.name(offset) : this.typeName(offset);
  }

  /** The name offset of a type. @throws BtfError BTF_TYPE_ID */
  nameOffsetOf(id: number): number {
    return this.#word(id, 0);
  }

  /** Element type of an array, without allocation. @throws BtfError BTF_TYPE_ID, BTF_KIND */
  arrayTypeOf(id: number): number {
    if (this.kindCodeOf(id) !== BTF_KIND_ARRAY)
      throw new BtfError("BTF_KIND", `type ${id} (${this.kindOf(id)}) is no array`);
    return this.#word(id, 3);
  }

  /** Number of elements of an array, without allocation. @throws BtfError BTF_TYPE_ID, BTF_KIND */
  arrayLengthOf(id: number): number {
    if (this.kindCodeOf(id) !== BTF_KIND_ARRAY)
      throw new BtfError("BTF_KIND", `type ${id} (${this.kindOf(id)}) is no array`);
    return this.#word(id, 5);
  }

  /** Type id of a struct's or union's member, without allocation. @throws BtfError BTF_TYPE_ID, BTF_NOT_FOUND */
  memberTypeOf(id: number, index: number): number {
    return this.#word(id, this.#memberWord(id, index) + 1);
  }

  /** Name of a struct's or union's member. @throws BtfError BTF_TYPE_ID, BTF_NOT_FOUND, BTF_STRINGS, BTF_LIMIT */
  memberNameOf(id: number, index: number): string {
    return this.typeName(this.#word(id, this.#memberWord(id, index)));
  }

  /** Bit offset of a member from the start of its struct, without allocation. @throws BtfError BTF_TYPE_ID, BTF_NOT_FOUND */
  memberBitOffsetOf(id: number, index: number): number {
    const word = this.#word(id, this.#memberWord(id, index) + 2);
    return this.kindFlagOf(id) ? word & 0xffffff : word;
  }

  /** Width in bits of a member that is a bitfield, else 0; without allocation. @throws BtfError BTF_TYPE_ID, BTF_NOT_FOUND */
  memberBitfieldSizeOf(id: number, index: number): number {
    return this.kindFlagOf(id) ? this.#word(id, this.#memberWord(id, index) + 2) >>> 24 : 0;
  }

  #memberWord(id: number, index: number): number {
    const kind = this.kindOf(id);
    if ((kind !== "struct" && kind !== "union") || !(index >= 0 && index < this.vlenOf(id)))
      throw new BtfError("BTF_NOT_FOUND", `type ${id} (${kind}) has no member ${index}`);
    return 3 + index * 3;
  }

  /**
   * The string at a name offset, of any length: a name, a tag, a line of source.
   *
   * @throws BtfError BTF_STRINGS; BTF_LIMIT if the long ones that were asked for are parts of each other to an extent that no writer makes them
   */
  name(offset: number): string {
    return this.#string(offset, Number.POSITIVE_INFINITY);
  }

  /** @internal The name at an offset. @throws BtfError BTF_STRINGS, BTF_LIMIT if it is longer than any name may be */
  typeName(offset: number): string {
    return this.#string(offset, MAX_NAME_LENGTH);
  }

  #string(offset: number, limit: number): string {
    if (offset === 0) return "";
    if (offset < this.firstString) return this.base!.#string(offset, limit);
    const known = this.#names.get(offset);
    if (known !== undefined && known.length <= limit) return known;
    const start = offset - this.firstString;
    if (!(start < this.strings.length))
      throw new BtfError("BTF_STRINGS", `name offset ${offset} outside of the strings' ${this.stringsEnd} bytes`);
    const text = decodeName(this.strings, start, limit);
    if (text === undefined)
      throw new BtfError("BTF_LIMIT", `the name at offset ${offset} is longer than ${limit} bytes`);
    if (text.length > MAX_NAME_LENGTH) this.#longNames += text.length;
    if (this.#longNames > Math.max(MAX_OVERLAP * this.strings.length, MIN_ROOM))
      throw new BtfError("BTF_LIMIT", `the strings' ${this.strings.length} bytes are shared by too many long strings`);
    this.#names.set(offset, text);
    return text;
  }

  /** One past the last name offset, the base's strings included. */
  get stringsEnd(): number {
    return this.firstString + this.strings.length;
  }

  /**
   * The lowest id of the types with this name, of this kind or one of these kinds if given; undefined if there is none. The base is searched
   * first, as libbpf does.
   */
  findByName(name: string, kind?: BtfKind | readonly BtfKind[]): number | undefined {
    const bytes = encodeName(name);
    if (bytes.length === 0 || bytes.length > MAX_NAME_LENGTH) return undefined;
    return this.#find(bytes, kind);
  }

  #find(name: Uint8Array, kind: BtfKind | readonly BtfKind[] | undefined): number | undefined {
    const inBase = this.base === undefined ? undefined : this.base.#find(name, kind);
    if (inBase !== undefined) return inBase;
    if (this.#index === undefined && this.#scans < SCANS_BEFORE_INDEX) {
      this.#scans++;
      return this.#scan(name, kind);
    }
    const found = this.#nameIndex().find(name, (n) => this.#isOfKind(this.firstId + n, kind));
    return found < 0 ? undefined : this.firstId + found;
  }

  /** All ids with this name, ascending. */
  findAll(name: string, kind?: BtfKind | readonly BtfKind[]): number[] {
    const found = this.base?.findAll(name, kind) ?? [];
    if (name === "") return found;
    this.#nameIndex().find(encodeName(name), (n) => this.#collect(n, kind, found));
    return found;
  }

  /**
   * All ids whose essential name (what precedes a `___flavour`) is that of `name`, ascending.
   *
   * @see v6.18 tools/lib/bpf/libbpf.c, bpf_core_essential_name_len
   */
  findByEssentialName(name: string, kind?: BtfKind | readonly BtfKind[]): number[] {
    const found = this.base?.findByEssentialName(name, kind) ?? [];
    if (name === "") return found;
    this.#nameIndex().findEssential(encodeName(name), (n) => this.#collect(n, kind, found));
    return found;
  }

  /** Adds an own type, counted from 0, if it is of the kind; answers that there may be more. */
  #collect(n: number, kind: BtfKind | readonly BtfKind[] | undefined, found: number[]): boolean {
    if (this.#isOfKind(this.firstId + n, kind)) found.push(this.firstId + n);
    return false;
  }

  #isOfKind(id: number, kind: BtfKind | readonly BtfKind[] | undefined): boolean {
    if (kind === undefined) return true;
    const own = this.kindOf(id);
    return typeof kind === "string" ? own === kind : kind.includes(own);
  }

  #scan(name: Uint8Array, kind: BtfKind | readonly BtfKind[] | undefined): number | undefined {
    const { words, strings, firstString } = this;
    const starts = this.#starts;
    const first = name[0]!;
    const count = starts.length - 1;
    for (let n = 0; n < count; n++) {
      const offset = words[starts[n]!]!;
      if (offset < firstString) {
        if (offset === 0 || !nameEquals(this.#sectionOf(offset), this.#startOf(offset), name)) continue;
      } else {
        const start = offset - firstString;
        if (strings[start] !== first || !nameEquals(strings, start, name)) continue;
      }
      if (this.#isOfKind(this.firstId + n, kind)) return this.firstId + n;
    }
    return undefined;
  }

  #sectionOf(offset: number): Uint8Array {
    return offset < this.firstString ? this.base!.#sectionOf(offset) : this.strings;
  }

  #startOf(offset: number): number {
    return offset < this.firstString ? this.base!.#startOf(offset) : offset - this.firstString;
  }

  #nameIndex(): NameIndex {
    if (this.#index === undefined) {
      const end = this.stringsEnd;
      this.#index = new NameIndex({
        count: this.#starts.length - 1,
        nameOffset: (n) => {
          const offset = this.words[this.#starts[n]!]!;
          return offset < end ? offset : 0;
        },
        sectionOf: (offset) => this.#sectionOf(offset),
        startOf: (offset) => this.#startOf(offset),
      });
    }
    return this.#index;
  }

  /**
   * Follows typedefs, const, volatile, restrict and type tags to the type behind them.
   *
   * @throws BtfError BTF_TYPE_ID, BTF_LOOP
   */
  resolve(id: number): number {
    let at = id;
    for (let depth = 0; depth <= MAX_RESOLVE_DEPTH; depth++) {
      const kind = this.kindCodeOf(at);
      if (!((kind >= BTF_KIND_TYPEDEF && kind <= BTF_KIND_RESTRICT) || kind === BTF_KIND_TYPE_TAG)) return at;
      at = this.#word(at, 2);
    }
    throw new BtfError("BTF_LOOP", `type ${id} leads through more than ${MAX_RESOLVE_DEPTH} typedefs and modifiers`);
  }

  /**
   * Bytes of a value of the type. Follows typedefs, modifiers, variables and arrays.
   *
   * @see v6.18 tools/lib/bpf/btf.c, btf__resolve_size
   * @throws BtfError BTF_SIZE (void, forward declarations and functions have none; more than 2^32-1 bytes), BTF_TYPE_ID, BTF_LOOP
   */
  sizeOf(id: number): number {
    return sizeOf(this, id);
  }

  /**
   * The type's natural alignment in bytes; 1 for a struct that must be packed.
   *
   * @see v6.18 tools/lib/bpf/btf.c, btf__align_of
   * @throws BtfError BTF_SIZE, BTF_TYPE_ID, BTF_LOOP
   */
  alignOf(id: number): number {
    return alignOf(this, id);
  }

  /**
   * Where a member lies: `memberPath("task_struct", "mm.pgd")`, `memberPath(id, "comm[3]")`. Anonymous structs and unions are looked through;
   * pointers are followed (each adds a step to `derefs`).
   *
   * @throws BtfError BTF_NOT_FOUND, BTF_KIND, BTF_TYPE_ID, BTF_LOOP, BTF_SIZE
   */
  memberPath(type: string | number, path: string): MemberPath {
    return memberPath(this, type, path);
  }

  /** The prototype of a `func`, or behind a pointer to a function. @throws BtfError BTF_KIND, BTF_TYPE_ID, BTF_LOOP */
  funcProto(id: number): BtfFuncProto {
    let at = this.resolve(id);
    if (this.kindOf(at) === "var") at = this.resolve(this.#word(at, 2));
    if (this.kindOf(at) === "ptr") at = this.resolve(this.#word(at, 2));
    if (this.kindOf(at) === "func") at = this.resolve(this.#word(at, 2));
    const type = this.type(at);
    if (type.kind !== "func_proto")
      throw new BtfError("BTF_KIND", `type ${id} (${this.kindOf(id)}) has no function prototype`);
    return type;
  }

  /**
   * The declaration tags of a type, a member of it or a parameter (`componentIdx`; -1 for the whole; all if left out), in the order of ids.
   *
   * @throws BtfError BTF_STRINGS
   */
  declTags(id: number, componentIdx?: number): BtfDeclTag[] {
    const tags = this.base?.declTags(id, componentIdx) ?? [];
    for (const tagId of this.#declTagsOf(id)) {
      const tag = this.type(tagId) as BtfDeclTag;
      if (componentIdx === undefined || tag.componentIdx === componentIdx) tags.push(tag);
    }
    return tags;
  }

  #declTagsOf(id: number): readonly number[] {
    if (this.#declTags === undefined) {
      const tags = new Map<number, number[]>();
      for (let tagId = this.firstId; tagId < this.typeCount; tagId++) {
        if (this.kindOf(tagId) !== "decl_tag") continue;
        const target = this.#word(tagId, 2);
        const list = tags.get(target);
        if (list === undefined) tags.set(target, [tagId]);
        else list.push(tagId);
      }
      this.#declTags = tags;
    }
    return this.#declTags.get(id) ?? [];
  }
}
