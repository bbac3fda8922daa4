import type { Btf } from "../btf.ts";
import { BtfError } from "../error.ts";
import { BTF_MAGIC, BTF_VERSION } from "../kinds.ts";

/** Which function begins at an instruction. */
export interface FuncInfo {
  /** Bytes from the start of the section. */
  insnOffset: number;
  /** Id of its `func`. */
  type: number;
}

/** Which line of the source an instruction, and those behind it, are from. */
export interface LineInfo {
  /** Bytes from the start of the section. */
  insnOffset: number;
  /** Name offset of the file's path. */
  fileNameOffset: number;
  /** Name offset of the line's text. */
  lineOffset: number;
  /** Both from 1. */
  line: number;
  column: number;
}

/** A CO-RE relocation record. */
export interface CoreRelo {
  /** Bytes from the start of the section. */
  insnOffset: number;
  /** Id of the type, in the program's own BTF, that the access starts at. */
  type: number;
  /** What is accessed: indexes with colons between them. */
  access: string;
  /** `BPF_CORE_*`. */
  kind: number;
}

/** Records for one ELF section. */
export interface BtfExtSection<T> {
  /** Name of the ELF section. */
  name: string;
  records: readonly T[];
  /** The records as they lie there, `recordSize` bytes each: a view. */
  bytes: Uint8Array;
}

/** One of the three parts. */
export interface BtfExtPart<T> {
  /** Bytes a record: at least what the interface holds; later versions may append. 0 if the part is not there. */
  recordSize: number;
  sections: readonly BtfExtSection<T>[];
}

/**
 * The `.BTF.ext` section of an object: what ties instructions to types and source lines.
 *
 * @see v6.18 Documentation/bpf/btf.rst, ".BTF.ext section"
 */
export class BtfExt {
  readonly littleEndian: boolean;
  readonly funcInfo: BtfExtPart<FuncInfo>;
  readonly lineInfo: BtfExtPart<LineInfo>;
  readonly coreRelos: BtfExtPart<CoreRelo>;

  private constructor(bytes: Uint8Array, btf: Btf) {
    const header = readHeader(bytes);
    const { view, littleEndian } = header;
    this.littleEndian = littleEndian;
    const word = (at: number): number => view.getUint32(at, littleEndian);
    const part = <T>(field: number, least: number, what: string, read: (at: number) => T): BtfExtPart<T> =>
      readPart({ bytes, btf, header, field, least, what, read });
    this.funcInfo = part(8, 8, "func_info", (at) => ({ insnOffset: word(at), type: word(at + 4) }));
    this.lineInfo = part(16, 16, "line_info", (at) => {
      const lineColumn = word(at + 12);
      return {
        insnOffset: word(at),
        fileNameOffset: word(at + 4),
        lineOffset: word(at + 8),
        line: lineColumn >>> 10,
        column: lineColumn & 0x3ff,
      };
    });
    this.coreRelos = part(24, 16, "core_relo", (at) => ({
      insnOffset: word(at),
      type: word(at + 4),
      access: btf.typeName(word(at + 8)),
      kind: word(at + 12),
    }));
  }

  /**
   * Reads the section. `btf` is the object's `.BTF`, whose strings it uses. The bytes are used in place.
   *
   * @see v6.18 tools/lib/bpf/btf.c, btf_ext__new
   * @throws BtfError BTF_EXT, BTF_STRINGS, BTF_LIMIT
   */
  static parse(bytes: Uint8Array, btf: Btf): BtfExt {
    return new BtfExt(bytes, btf);
  }
}

interface Header {
  view: DataView;
  littleEndian: boolean;
  length: number;
}

function readHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) throw new BtfError("BTF_EXT", `.BTF.ext of ${bytes.length} bytes has no header`);
  const littleEndian = view.getUint16(0, true) === BTF_MAGIC;
  if (!littleEndian && view.getUint16(0, false) !== BTF_MAGIC)
    throw new BtfError("BTF_EXT", `no .BTF.ext: magic is 0x${view.getUint16(0, true).toString(16)}, expected 0xeb9f`);
  if (bytes[2] !== BTF_VERSION) throw new BtfError("BTF_EXT", `.BTF.ext version ${bytes[2]}, only 1 is known`);
  if (bytes[3] !== 0) throw new BtfError("BTF_EXT", `.BTF.ext flags 0x${bytes[3]!.toString(16)}, none are known`);
  const length = view.getUint32(4, littleEndian);
  // Up to the line_info; core_relo is optional.
  if (length < 24 || length >= bytes.length)
    throw new BtfError("BTF_EXT", `.BTF.ext header length ${length} outside of [24, ${bytes.length - 1}]`);
  return { view, littleEndian, length };
}

interface PartRequest<T> {
  bytes: Uint8Array;
  btf: Btf;
  header: Header;
  /** Where in the header the part's offset is; its length follows. */
  field: number;
  /** The least size of a record. */
  least: number;
  what: string;
  read: (at: number) => T;
}

function readPart<T>({ bytes, btf, header, field, least, what, read }: PartRequest<T>): BtfExtPart<T> {
  const { view, littleEndian } = header;
  const word = (at: number): number => view.getUint32(at, littleEndian);
  const none: BtfExtPart<T> = { recordSize: 0, sections: [] };
  if (header.length < field + 8) return none;
  const offset = word(field);
  const length = word(field + 4);
  if (length === 0) return none;
  const fail = (why: string): never => {
    throw new BtfError("BTF_EXT", `.BTF.ext ${what}: ${why}`);
  };
  const start = header.length + offset;
  const end = start + length;
  if (offset % 4 !== 0) fail(`offset ${offset} is not a multiple of 4`);
  if (end > bytes.length)
    fail(`[${offset}, +${length}] reaches beyond the ${bytes.length - header.length} bytes there are`);
  if (length < 4) fail(`${length} bytes do not hold the size of a record`);
  const recordSize = word(start);
  if (recordSize < least || recordSize % 4 !== 0)
    fail(`records of ${recordSize} bytes, expected a multiple of 4 from ${least} on`);
  const sections: BtfExtSection<T>[] = [];
  let at = start + 4;
  if (at === end) fail("no records");
  while (at < end) {
    if (end - at < 8) fail(`${end - at} bytes at the end are no section`);
    const name = btf.typeName(word(at));
    const count = word(at + 4);
    at += 8;
    if (count === 0) fail(`section "${name}" has no records`);
    if (count * recordSize > end - at) fail(`section "${name}" has ${count} records, which do not fit`);
    const from = at;
    const records: T[] = [];
    for (let i = 0; i < count; i++, at += recordSize) records.push(read(at));
    sections.push({ name, records, bytes: bytes.subarray(from, at) });
  }
  return { recordSize, sections };
}

/** Records of 8 bytes as `BPF_PROG_LOAD` takes them. `insnOffset` is written as it is: the kernel counts instructions, `.BTF.ext` bytes. */
export function encodeFuncInfo(records: readonly FuncInfo[], littleEndian = true): Uint8Array {
  const out = new Uint8Array(records.length * 8);
  const view = new DataView(out.buffer);
  records.forEach((record, i) => {
    view.setUint32(i * 8, record.insnOffset, littleEndian);
    view.setUint32(i * 8 + 4, record.type, littleEndian);
  });
  return out;
}

/** Records of 16 bytes as `BPF_PROG_LOAD` takes them; see {@link encodeFuncInfo}. */
export function encodeLineInfo(records: readonly LineInfo[], littleEndian = true): Uint8Array {
  const out = new Uint8Array(records.length * 16);
  const view = new DataView(out.buffer);
  records.forEach((record, i) => {
    view.setUint32(i * 16, record.insnOffset, littleEndian);
    view.setUint32(i * 16 + 4, record.fileNameOffset, littleEndian);
    view.setUint32(i * 16 + 8, record.lineOffset, littleEndian);
    view.setUint32(i * 16 + 12, (record.line << 10) | (record.column & 0x3ff), littleEndian);
  });
  return out;
}
