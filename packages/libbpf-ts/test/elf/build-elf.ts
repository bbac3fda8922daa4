/** A section of an object that a test makes up. */
export interface TestSection {
  name: string;
  type?: number;
  flags?: number;
  data?: readonly number[] | Uint8Array;
  /** Instead of the data's length. */
  size?: number;
  link?: number;
  info?: number;
}

/** A symbol; `section` is the index of one, counted from 1 in the order given. */
export interface TestSymbol {
  name: string;
  section: number;
  value?: number;
  size?: number;
  type?: number;
  bind?: number;
  visibility?: number;
}

const SHT_PROGBITS = 1;
const SHT_SYMTAB = 2;
const SHT_STRTAB = 3;
const SHT_NOBITS = 8;

/**
 * An ELF file: the null section, the given ones, `.symtab` (if there are symbols), `.strtab`. Written from the gABI, not with the reader's code.
 */
export function buildElf(
  sections: readonly TestSection[],
  symbols: readonly TestSymbol[] = [],
  header: { machine?: number; type?: number } = {},
): Uint8Array {
  const strings: number[] = [0];
  const intern = (text: string): number => {
    const at = strings.length;
    for (const char of text) strings.push(char.charCodeAt(0));
    strings.push(0);
    return at;
  };
  const all: TestSection[] = [{ name: "", type: 0 }, ...sections];
  if (symbols.length > 0) {
    const table = new Uint8Array(24 * (symbols.length + 1));
    const view = new DataView(table.buffer);
    symbols.forEach((symbol, i) => {
      const at = 24 * (i + 1);
      view.setUint32(at, symbol.name === "" ? 0 : intern(symbol.name), true);
      view.setUint8(at + 4, ((symbol.bind ?? 1) << 4) | (symbol.type ?? 2));
      view.setUint8(at + 5, symbol.visibility ?? 0);
      view.setUint16(at + 6, symbol.section, true);
      view.setBigUint64(at + 8, BigInt(symbol.value ?? 0), true);
      view.setBigUint64(at + 16, BigInt(symbol.size ?? 0), true);
    });
    all.push({ name: ".symtab", type: SHT_SYMTAB, data: table, link: all.length + 1 });
  }
  const names = [...all, { name: ".strtab" }].map(({ name }) => (name === "" ? 0 : intern(name)));
  all.push({ name: ".strtab", type: SHT_STRTAB, data: strings });

  let end = 64;
  const offsets = all.map(({ type, data }) => {
    const at = end;
    if (type !== SHT_NOBITS) end += data?.length ?? 0;
    return at;
  });
  const file = new Uint8Array(end + 64 * all.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, header.type ?? 1, true);
  view.setUint16(18, header.machine ?? 247, true);
  view.setBigUint64(40, BigInt(end), true);
  view.setUint16(52, 64, true);
  view.setUint16(58, 64, true);
  view.setUint16(60, all.length, true);
  view.setUint16(62, all.length - 1, true);
  all.forEach((section, i) => {
    const at = end + 64 * i;
    const data = section.data ?? [];
    if (section.type !== SHT_NOBITS) file.set(data, offsets[i]!);
    view.setUint32(at, names[i]!, true);
    view.setUint32(at + 4, section.type ?? SHT_PROGBITS, true);
    view.setBigUint64(at + 8, BigInt(section.flags ?? 0), true);
    view.setBigUint64(at + 24, BigInt(offsets[i]!), true);
    view.setBigUint64(at + 32, BigInt(section.size ?? data.length), true);
    view.setUint32(at + 40, section.link ?? 0, true);
    view.setUint32(at + 44, section.info ?? 0, true);
  });
  return file;
}

/** `return 0`. */
export const RETURN_0: readonly number[] = [0xb4, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];

/** Entries of a SHT_REL section: [offset, symbol index]. */
export function relocations(...entries: readonly [offset: number, symbol: number][]): Uint8Array {
  const bytes = new Uint8Array(16 * entries.length);
  const view = new DataView(bytes.buffer);
  entries.forEach(([offset, symbol], i) => {
    view.setBigUint64(16 * i, BigInt(offset), true);
    view.setBigUint64(16 * i + 8, (BigInt(symbol) << 32n) | 1n, true);
  });
  return bytes;
}
