import { LibbpfError } from "../error.ts";

/** Section types that BPF objects use. @see gABI, "Section Types" */
export const SHT_PROGBITS = 1;
export const SHT_SYMTAB = 2;
export const SHT_STRTAB = 3;
export const SHT_NOBITS = 8;
export const SHT_REL = 9;

/** Section flags. */
export const SHF_ALLOC = 2;
export const SHF_EXECINSTR = 4;

/** Symbol types and bindings. */
export const STT_NOTYPE = 0;
export const STT_OBJECT = 1;
export const STT_FUNC = 2;
export const STT_SECTION = 3;
export const STB_LOCAL = 0;
export const STB_GLOBAL = 1;
export const STB_WEAK = 2;
export const STV_HIDDEN = 2;
export const STV_INTERNAL = 1;

/** Section index of an undefined symbol. */
export const SHN_UNDEF = 0;

/** Machine numbers: BPF, and none (some compilers write that). */
const EM_BPF = 247;
const EM_NONE = 0;
const ET_REL = 1;

const EHDR_SIZE = 64;
const SHDR_SIZE = 64;
const SYM_SIZE = 24;
const REL_SIZE = 16;

/** One section. */
export interface ElfSection {
  readonly index: number;
  readonly name: string;
  /** `SHT_*`. */
  readonly type: number;
  /** `SHF_*`. */
  readonly flags: number;
  /** Bytes; for SHT_NOBITS not backed by `data`. */
  readonly size: number;
  /** A view of the file; empty for SHT_NOBITS. */
  readonly data: Uint8Array;
  readonly link: number;
  readonly info: number;
}

/** One symbol. */
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
  /** Index of its section; `SHN_UNDEF` for an extern. */
  readonly sectionIndex: number;
}

/** One SHT_REL entry. */
export interface ElfRelocation {
  /** Where, in bytes from the start of the section. */
  readonly offset: number;
  readonly symbol: ElfSymbol;
  /** `R_BPF_*`. */
  readonly type: number;
}

/** A BPF object file. Everything read from it was checked to lie inside the file. */
export interface ElfFile {
  readonly littleEndian: boolean;
  readonly sections: readonly ElfSection[];
  readonly symbols: readonly ElfSymbol[];
  section(name: string): ElfSection | undefined;
  /** Relocations of a section, in file order. */
  relocations(section: ElfSection): readonly ElfRelocation[];
}

function truncated(what: string, offset: number, size: number, available: number): LibbpfError {
  return new LibbpfError(
    "ELF_TRUNCATED",
    `${what}: bytes ${offset}..${offset + size} lie outside the file of ${available} bytes`,
    {
      details: { offset, size, available },
    },
  );
}

function invalid(message: string): LibbpfError {
  return new LibbpfError("ELF_INVALID", message);
}

/** A file offset or size: 64 bits in the file, refused past 2⁵³. */
function readU64(view: DataView, offset: number, littleEndian: boolean, what: string): number {
  const value = view.getBigUint64(offset, littleEndian);
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw invalid(`${what}: 0x${value.toString(16)} is no file offset or size`);
  return Number(value);
}

/** A NUL-terminated name of a string table. Names that are not UTF-8 come with replacement characters. */
function readName(strings: Uint8Array, offset: number, what: string): string {
  if (offset >= strings.length) {
    if (offset === 0) return "";
    throw invalid(`${what}: name offset ${offset} outside its string table of ${strings.length} bytes`);
  }
  const end = strings.indexOf(0, offset);
  if (end < 0) throw invalid(`${what}: name at offset ${offset} is not terminated`);
  return new TextDecoder().decode(strings.subarray(offset, end));
}

/**
 * Reads a BPF object file: 64-bit relocatable ELF, machine BPF (or none). Reads nothing outside `bytes`, copies none of it.
 *
 * @throws LibbpfError ELF_TRUNCATED, ELF_INVALID
 */
export function readElf(bytes: Uint8Array): ElfFile {
  if (bytes.length < EHDR_SIZE) throw truncated("ELF header", 0, EHDR_SIZE, bytes.length);
  if (bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    throw invalid("not an ELF file: it does not begin with 7f 45 4c 46");
  }
  if (bytes[4] !== 2) throw invalid(`ELF class ${bytes[4]}: BPF objects are 64-bit (2)`);
  if (bytes[5] !== 1 && bytes[5] !== 2)
    throw invalid(`ELF data encoding ${bytes[5]}: allowed are 1 (little-endian) and 2 (big-endian)`);
  const littleEndian = bytes[5] === 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = view.getUint16(16, littleEndian);
  if (type !== ET_REL) throw invalid(`ELF type ${type}: BPF objects are relocatable (${ET_REL})`);
  const machine = view.getUint16(18, littleEndian);
  if (machine !== EM_BPF && machine !== EM_NONE)
    throw invalid(`ELF machine ${machine}: allowed are ${EM_BPF} (BPF) and ${EM_NONE} (none)`);

  const sections = readSections(bytes, view, littleEndian);
  const symbols = readSymbols(sections, littleEndian);
  const relocationsOf = new Map<number, readonly ElfRelocation[]>();
  for (const section of sections) {
    if (section.type !== SHT_REL) continue;
    const target = sections[section.info];
    if (target === undefined)
      throw invalid(`relocation section ${section.name}: target section ${section.info} does not exist`);
    relocationsOf.set(target.index, [
      ...(relocationsOf.get(target.index) ?? []),
      ...readRelocations(section, target, symbols, littleEndian),
    ]);
  }
  return {
    littleEndian,
    sections,
    symbols,
    section: (name) => sections.find((section) => section.name === name),
    relocations: (section) => relocationsOf.get(section.index) ?? [],
  };
}

function readSections(bytes: Uint8Array, view: DataView, littleEndian: boolean): ElfSection[] {
  const tableOffset = readU64(view, 40, littleEndian, "section table offset");
  const entrySize = view.getUint16(58, littleEndian);
  const count = view.getUint16(60, littleEndian);
  const namesIndex = view.getUint16(62, littleEndian);
  if (count === 0) return [];
  if (entrySize !== SHDR_SIZE) throw invalid(`section header size ${entrySize}: must be ${SHDR_SIZE}`);
  if (tableOffset + count * SHDR_SIZE > bytes.length)
    throw truncated("section table", tableOffset, count * SHDR_SIZE, bytes.length);

  const raw = Array.from({ length: count }, (_, index) => {
    const at = tableOffset + index * SHDR_SIZE;
    const type = view.getUint32(at + 4, littleEndian);
    const offset = readU64(view, at + 24, littleEndian, `section ${index}: offset`);
    const size = readU64(view, at + 32, littleEndian, `section ${index}: size`);
    const hasBytes = type !== SHT_NOBITS && type !== 0;
    if (hasBytes && offset + size > bytes.length) throw truncated(`section ${index}`, offset, size, bytes.length);
    return {
      index,
      nameOffset: view.getUint32(at, littleEndian),
      type,
      flags: Number(view.getBigUint64(at + 8, littleEndian) & 0xffffffffn),
      size,
      data: hasBytes ? bytes.subarray(offset, offset + size) : new Uint8Array(0),
      link: view.getUint32(at + 40, littleEndian),
      info: view.getUint32(at + 44, littleEndian),
    };
  });
  const names = raw[namesIndex];
  if (names === undefined || names.type !== SHT_STRTAB)
    throw invalid(`section names: section ${namesIndex} is no string table`);
  return raw.map(({ nameOffset, ...section }) => ({
    ...section,
    name: readName(names.data, nameOffset, `section ${section.index}`),
  }));
}

function readSymbols(sections: readonly ElfSection[], littleEndian: boolean): ElfSymbol[] {
  const table = sections.find((section) => section.type === SHT_SYMTAB);
  if (table === undefined) return [];
  if (table.data.length % SYM_SIZE !== 0)
    throw invalid(`symbol table: ${table.data.length} bytes are no multiple of ${SYM_SIZE}`);
  const strings = sections[table.link];
  if (strings === undefined || strings.type !== SHT_STRTAB)
    throw invalid(`symbol names: section ${table.link} is no string table`);
  const view = new DataView(table.data.buffer, table.data.byteOffset, table.data.byteLength);
  return Array.from({ length: table.data.length / SYM_SIZE }, (_, index) => {
    const at = index * SYM_SIZE;
    const info = view.getUint8(at + 4);
    const sectionIndex = view.getUint16(at + 6, littleEndian);
    const symbol: ElfSymbol = {
      index,
      name: readName(strings.data, view.getUint32(at, littleEndian), `symbol ${index}`),
      type: info & 0xf,
      bind: info >> 4,
      visibility: view.getUint8(at + 5) & 3,
      sectionIndex,
      value: readU64(view, at + 8, littleEndian, `symbol ${index}: value`),
      size: readU64(view, at + 16, littleEndian, `symbol ${index}: size`),
    };
    const section = sections[sectionIndex];
    // Reserved indexes (0xff00 and up: absolute, common) name no section.
    if (sectionIndex < 0xff00 && section === undefined) {
      throw invalid(`symbol ${index} (${symbol.name}): section ${sectionIndex} does not exist`);
    }
    if (section !== undefined && sectionIndex !== SHN_UNDEF && symbol.value + symbol.size > section.size) {
      throw invalid(
        `symbol ${index} (${symbol.name}): ${symbol.value}+${symbol.size} lies outside section ${section.name} of ${section.size} bytes`,
      );
    }
    return symbol;
  });
}

function readRelocations(
  section: ElfSection,
  target: ElfSection,
  symbols: readonly ElfSymbol[],
  littleEndian: boolean,
): ElfRelocation[] {
  if (section.data.length % REL_SIZE !== 0)
    throw invalid(`${section.name}: ${section.data.length} bytes are no multiple of ${REL_SIZE}`);
  const view = new DataView(section.data.buffer, section.data.byteOffset, section.data.byteLength);
  return Array.from({ length: section.data.length / REL_SIZE }, (_, index) => {
    const at = index * REL_SIZE;
    const offset = readU64(view, at, littleEndian, `${section.name}: relocation ${index}`);
    const info = view.getBigUint64(at + 8, littleEndian);
    const symbolIndex = Number(info >> 32n);
    const symbol = symbols[symbolIndex];
    if (symbol === undefined)
      throw invalid(`${section.name}: relocation ${index}: symbol ${symbolIndex} does not exist`);
    if (offset >= target.size) {
      throw invalid(
        `${section.name}: relocation ${index}: offset ${offset} outside section ${target.name} of ${target.size} bytes`,
      );
    }
    return { offset, symbol, type: Number(info & 0xffffffffn) };
  });
}
