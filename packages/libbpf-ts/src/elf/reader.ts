import { UnsupportedError } from "@bpf-ts/uapi";
import { LibbpfError } from "../error.ts";
import {
  SHF_COMPRESSED,
  SHN_LORESERVE,
  SHN_UNDEF,
  SHT_NOBITS,
  SHT_NULL,
  SHT_REL,
  SHT_RELA,
  SHT_STRTAB,
  SHT_SYMTAB,
} from "./constants.ts";
import { type ElfHeader, readHeader, readU64, SHDR_SIZE, truncated } from "./header.ts";
import { readName } from "./name.ts";

const SYM_SIZE = 24;
const REL_SIZE = 16;

/** One section. */
export interface ElfSection {
  readonly index: number;
  readonly name: string;
  /** `SHT_*`. */
  readonly type: number;
  /** The low 32 bits of `SHF_*`. */
  readonly flags: number;
  /** Bytes; of SHT_NOBITS sections not backed by `data`. */
  readonly size: number;
  /** A view of the file; empty for SHT_NOBITS. */
  readonly data: Uint8Array;
  readonly link: number;
  readonly info: number;
}

/** One symbol. Its place is not checked: symbols of sections that nobody looks at may be wrong. */
export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  /** Offset in its section, bytes. */
  readonly value: number;
  /** Bytes. */
  readonly size: number;
  /** `STT_*`. */
  readonly type: number;
  /** `STB_*`. */
  readonly bind: number;
  /** `STV_*`. */
  readonly visibility: number;
  /** Index of its section; `SHN_UNDEF` for what the object does not define; from `SHN_LORESERVE` on no section. */
  readonly sectionIndex: number;
}

/** One SHT_REL entry. */
export interface ElfRelocation {
  /** Where, in bytes from the start of the section. */
  readonly offset: number;
  readonly symbol: ElfSymbol;
}

/**
 * A BPF object file. Sections are checked to lie inside the file when it is read, symbols and relocations when they are asked for.
 */
export class ElfFile {
  readonly sections: readonly ElfSection[];
  /** In the symbol table's order; none without one. */
  readonly symbols: readonly ElfSymbol[];
  readonly #byName = new Map<string, ElfSection>();
  readonly #symbolsOf = new Map<number, ElfSymbol[]>();
  /** Relocation sections by the index of what they relocate; one each. */
  readonly #relocationsOf = new Map<number, ElfSection>();

  constructor(sections: readonly ElfSection[]) {
    this.sections = sections;
    // The first of several of one name counts.
    for (const section of sections) if (!this.#byName.has(section.name)) this.#byName.set(section.name, section);
    for (const section of sections) {
      if ((section.type !== SHT_REL && section.type !== SHT_RELA) || section.size === 0 || section.info === 0) continue;
      const other = this.#relocationsOf.get(section.info);
      if (other !== undefined)
        throw new LibbpfError(
          "ELF_INVALID",
          `sections ${other.index} and ${section.index} both relocate section ${section.info}`,
        );
      this.#relocationsOf.set(section.info, section);
    }
    this.symbols = readSymbols(sections);
    for (const symbol of this.symbols) {
      const list = this.#symbolsOf.get(symbol.sectionIndex);
      if (list === undefined) this.#symbolsOf.set(symbol.sectionIndex, [symbol]);
      else list.push(symbol);
    }
  }

  section(name: string): ElfSection | undefined {
    return this.#byName.get(name);
  }

  /** Symbols that lie in a section, in the table's order. */
  symbolsOf(sectionIndex: number): readonly ElfSymbol[] {
    return this.#symbolsOf.get(sectionIndex) ?? [];
  }

  /** Whether anything in a section is relocated. */
  isRelocated(section: ElfSection): boolean {
    return this.#relocationsOf.has(section.index);
  }

  /**
   * Relocations of a section, in file order.
   *
   * @throws LibbpfError ELF_INVALID
   * @throws UnsupportedError relocations with addends, which no BPF compiler writes
   */
  relocations(section: ElfSection): readonly ElfRelocation[] {
    const table = this.#relocationsOf.get(section.index);
    if (table === undefined) return [];
    if (table.type === SHT_RELA)
      throw new UnsupportedError("relocations with addends", { detail: `section ${table.name}` });
    if (table.data.length % REL_SIZE !== 0)
      throw new LibbpfError(
        "ELF_INVALID",
        `section ${table.name}: ${table.data.length} bytes are no multiple of ${REL_SIZE}`,
      );
    const view = viewOf(table.data);
    return Array.from({ length: table.data.length / REL_SIZE }, (_, index) => {
      const what = `section ${table.name}: relocation ${index}`;
      const at = index * REL_SIZE;
      const offset = readU64(view, at, what);
      // r_info: the symbol's index in the high half, a type in the low one. Loaders go by the instruction, not by the type.
      const symbolIndex = view.getUint32(at + 12, true);
      const symbol = this.symbols[symbolIndex];
      if (symbol === undefined) throw new LibbpfError("ELF_INVALID", `${what}: symbol ${symbolIndex} does not exist`);
      if (offset >= section.size)
        throw new LibbpfError(
          "ELF_INVALID",
          `${what}: offset ${offset} outside section ${section.name} of ${section.size} bytes`,
        );
      return { offset, symbol };
    });
  }
}

/**
 * Reads a BPF object file: little-endian 64-bit relocatable ELF, machine BPF (or none). Reads nothing outside `bytes`, copies none of it.
 *
 * @throws LibbpfError ELF_TRUNCATED, ELF_INVALID
 * @throws UnsupportedError big-endian objects, compressed sections
 */
export function readElf(bytes: Uint8Array): ElfFile {
  return new ElfFile(readSections(bytes, readHeader(bytes)));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readSections(bytes: Uint8Array, header: ElfHeader): ElfSection[] {
  const view = viewOf(bytes);
  const raw = Array.from({ length: header.sectionCount }, (_, index) => {
    const at = header.sectionTable + index * SHDR_SIZE;
    const type = view.getUint32(at + 4, true);
    const offset = readU64(view, at + 24, `section ${index}: offset`);
    const size = readU64(view, at + 32, `section ${index}: size`);
    const hasBytes = type !== SHT_NOBITS && type !== SHT_NULL;
    if (hasBytes && offset + size > bytes.length) throw truncated(`section ${index}`, offset, size, bytes.length);
    return {
      index,
      nameOffset: view.getUint32(at, true),
      type,
      flags: view.getUint32(at + 8, true),
      size: type === SHT_NULL ? 0 : size,
      data: hasBytes ? bytes.subarray(offset, offset + size) : new Uint8Array(0),
      link: view.getUint32(at + 40, true),
      info: view.getUint32(at + 44, true),
    };
  });
  if (raw.length === 0) return [];
  // Sections that share bytes could make a small file cost a lot of work.
  const total = raw.reduce((sum, { data }) => sum + data.length, 0);
  if (total > bytes.length)
    throw new LibbpfError("ELF_INVALID", `sections overlap: they have ${total} bytes, the file ${bytes.length}`);
  const names = raw[header.namesIndex];
  if (names === undefined || names.type !== SHT_STRTAB)
    throw new LibbpfError("ELF_INVALID", `section names: section ${header.namesIndex} is no string table`);
  return raw.map(({ nameOffset, ...section }) => {
    const name = readName(names.data, nameOffset, `section ${section.index}`);
    if ((section.flags & SHF_COMPRESSED) !== 0 && !name.startsWith(".debug"))
      throw new UnsupportedError("compressed sections", { detail: `section ${name}` });
    return { ...section, name };
  });
}

function readSymbols(sections: readonly ElfSection[]): ElfSymbol[] {
  const [table, second] = sections.filter((section) => section.type === SHT_SYMTAB);
  if (table === undefined) return [];
  if (second !== undefined)
    throw new LibbpfError("ELF_INVALID", `sections ${table.index} and ${second.index} are both symbol tables`);
  if (table.data.length % SYM_SIZE !== 0)
    throw new LibbpfError("ELF_INVALID", `symbol table: ${table.data.length} bytes are no multiple of ${SYM_SIZE}`);
  const strings = sections[table.link];
  if (strings === undefined || strings.type !== SHT_STRTAB)
    throw new LibbpfError("ELF_INVALID", `symbol names: section ${table.link} is no string table`);
  const view = viewOf(table.data);
  return Array.from({ length: table.data.length / SYM_SIZE }, (_, index) => {
    const at = index * SYM_SIZE;
    const info = view.getUint8(at + 4);
    const sectionIndex = view.getUint16(at + 6, true);
    const name = readName(strings.data, view.getUint32(at, true), `symbol ${index}`);
    if (sectionIndex !== SHN_UNDEF && sectionIndex < SHN_LORESERVE && sectionIndex >= sections.length)
      throw new LibbpfError("ELF_INVALID", `symbol ${index} (${name}): section ${sectionIndex} does not exist`);
    return {
      index,
      name,
      type: info & 0xf,
      bind: info >> 4,
      visibility: view.getUint8(at + 5) & 3,
      sectionIndex,
      value: readU64(view, at + 8, `symbol ${index} (${name}): value`),
      size: readU64(view, at + 16, `symbol ${index} (${name}): size`),
    };
  });
}
