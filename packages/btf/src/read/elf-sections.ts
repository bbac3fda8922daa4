import { BtfError } from "../error.ts";

/** The sections of an ELF file that hold type information: views of the file's bytes. */
export interface ElfBtf {
  btf?: Uint8Array;
  /** `.BTF.ext`. */
  btfExt?: Uint8Array;
  /** `.BTF.base`: in a kernel module, a small base that its BTF builds on. */
  btfBase?: Uint8Array;
}

const SHT_NOBITS = 8;

/**
 * Finds `.BTF` and its companions in an ELF file (an object, a kernel image, a module), 32 or 64 bits, in either byte order. Nothing else of the
 * file is looked at.
 *
 * @throws BtfError BTF_HEADER, BTF_TRUNCATED
 */
export function findElfBtf(file: Uint8Array): ElfBtf {
  if (file.length < 52 || file[0] !== 0x7f || file[1] !== 0x45 || file[2] !== 0x4c || file[3] !== 0x46)
    throw new BtfError("BTF_HEADER", "no ELF file");
  const wide = file[4] === 2;
  const littleEndian = file[5] === 1;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const within = (offset: number, size: number, what: string): void => {
    if (!(offset >= 0 && offset + size <= file.length))
      throw new BtfError(
        "BTF_TRUNCATED",
        `ELF ${what} [${offset}, +${size}] reaches beyond the file's ${file.length} bytes`,
      );
  };
  const half = (at: number): number => view.getUint16(at, littleEndian);
  const word = (at: number): number => view.getUint32(at, littleEndian);
  // Offsets beyond 2^53 lie outside of any file: rounding does not matter.
  const address = (at: number): number => (wide ? Number(view.getBigUint64(at, littleEndian)) : word(at));
  within(0, wide ? 64 : 52, "header");
  const tableAt = address(wide ? 0x28 : 0x20);
  const entrySize = half(wide ? 0x3a : 0x2e);
  let count = half(wide ? 0x3c : 0x30);
  let namesIndex = half(wide ? 0x3e : 0x32);
  if (tableAt === 0) return {};
  const least = wide ? 64 : 40;
  if (entrySize < least)
    throw new BtfError("BTF_HEADER", `ELF section headers of ${entrySize} bytes, expected ${least}`);
  within(tableAt, least, "section header");

  const header = (index: number): { name: number; type: number; offset: number; size: number; link: number } => {
    const at = tableAt + index * entrySize;
    within(at, least, "section header");
    return {
      name: word(at),
      type: word(at + 4),
      offset: address(at + (wide ? 0x18 : 0x10)),
      size: address(at + (wide ? 0x20 : 0x14)),
      link: word(at + (wide ? 0x28 : 0x18)),
    };
  };
  // Numbers that do not fit their field stand in the first header.
  if (count === 0) count = header(0).size;
  if (namesIndex === 0xffff) namesIndex = header(0).link;
  const names = header(namesIndex);
  within(names.offset, names.size, "section names");
  const text = file.subarray(names.offset, names.offset + names.size);
  const isNamed = (start: number, name: string): boolean => {
    for (let i = 0; i < name.length; i++) if (text[start + i] !== name.charCodeAt(i)) return false;
    return text[start + name.length] === 0;
  };
  const found: ElfBtf = {};
  for (let index = 0; index < count; index++) {
    const { name, type, offset, size } = header(index);
    if (text[name] !== 0x2e || type === SHT_NOBITS) continue;
    const key = isNamed(name, ".BTF")
      ? "btf"
      : isNamed(name, ".BTF.ext")
        ? "btfExt"
        : isNamed(name, ".BTF.base")
          ? "btfBase"
          : undefined;
    if (key === undefined || found[key] !== undefined) continue;
    within(offset, size, `section ${name}`);
    found[key] = file.subarray(offset, offset + size);
  }
  return found;
}
