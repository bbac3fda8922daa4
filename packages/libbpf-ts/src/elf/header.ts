import { UnsupportedError } from "@bpf-ts/uapi";
import { LibbpfError } from "../error.ts";
import { SHN_XINDEX } from "./constants.ts";

const MAGIC: readonly number[] = [0x7f, 0x45, 0x4c, 0x46];
const EHDR_SIZE = 64;
/** Bytes of a section header. */
export const SHDR_SIZE = 64;
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const ELFDATA2MSB = 2;
const ET_REL = 1;
const EM_NONE = 0;
const EM_BPF = 247;

/** The part of the ELF header that leads to the sections. */
export interface ElfHeader {
  /** Bytes into the file. */
  sectionTable: number;
  sectionCount: number;
  /** Index of the section that holds the sections' names. */
  namesIndex: number;
}

/** Bytes `offset`…`offset + size` are not all in the file. */
export function truncated(what: string, offset: number, size: number, available: number): LibbpfError {
  return new LibbpfError(
    "ELF_TRUNCATED",
    `${what}: bytes ${offset}..${offset + size} lie outside the file of ${available} bytes`,
    { details: { offset, size, available } },
  );
}

/** A file offset, size or value: 64 bits in the file, refused past 2⁵³. @throws LibbpfError ELF_INVALID */
export function readU64(view: DataView, offset: number, what: string): number {
  const value = view.getBigUint64(offset, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new LibbpfError("ELF_INVALID", `${what}: 0x${value.toString(16)} is no file offset or size`);
  return Number(value);
}

/**
 * Checks that a file is a little-endian 64-bit relocatable object for BPF (machine 247, or 0, as early compilers wrote it).
 *
 * @throws LibbpfError ELF_TRUNCATED, ELF_INVALID
 * @throws UnsupportedError big-endian objects
 * @see gABI, "ELF Header"
 */
export function readHeader(bytes: Uint8Array): ElfHeader {
  const invalid = (message: string): LibbpfError => new LibbpfError("ELF_INVALID", message);
  if (bytes.length === 0) throw invalid("not an ELF file: it is empty");
  if (MAGIC.some((byte, i) => i < bytes.length && bytes[i] !== byte))
    throw invalid("not an ELF file: it does not begin with 7f 45 4c 46");
  if (bytes.length < EHDR_SIZE) throw truncated("ELF header", 0, EHDR_SIZE, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[4] !== ELFCLASS64) throw invalid(`ELF class ${bytes[4]}: BPF objects are 64-bit (class ${ELFCLASS64})`);
  if (bytes[5] === ELFDATA2MSB) throw new UnsupportedError("big-endian objects");
  if (bytes[5] !== ELFDATA2LSB)
    throw invalid(
      `ELF data encoding ${bytes[5]}: allowed are ${ELFDATA2LSB} (little-endian) and ${ELFDATA2MSB} (big-endian)`,
    );
  const type = view.getUint16(16, true);
  if (type !== ET_REL) throw invalid(`ELF type ${type}: BPF objects are relocatable (type ${ET_REL})`);
  const machine = view.getUint16(18, true);
  if (machine !== EM_BPF && machine !== EM_NONE)
    throw invalid(`ELF machine ${machine}: allowed are ${EM_BPF} (BPF) and ${EM_NONE} (none)`);

  const sectionTable = readU64(view, 40, "section table offset");
  const entrySize = view.getUint16(58, true);
  let sectionCount = view.getUint16(60, true);
  let namesIndex = view.getUint16(62, true);
  if (sectionTable === 0) throw invalid("no section table");
  if (entrySize !== SHDR_SIZE) throw invalid(`section header size ${entrySize}: must be ${SHDR_SIZE}`);
  if (sectionCount === 0 || namesIndex === SHN_XINDEX) {
    // Numbers that do not fit are in the first section header. @see gABI, "Sections", e_shnum
    if (sectionTable + SHDR_SIZE > bytes.length)
      throw truncated("section table", sectionTable, SHDR_SIZE, bytes.length);
    if (sectionCount === 0) sectionCount = readU64(view, sectionTable + 32, "number of sections");
    if (namesIndex === SHN_XINDEX) namesIndex = view.getUint32(sectionTable + 40, true);
  }
  if (sectionTable + sectionCount * SHDR_SIZE > bytes.length)
    throw truncated("section table", sectionTable, sectionCount * SHDR_SIZE, bytes.length);
  return { sectionTable, sectionCount, namesIndex };
}
