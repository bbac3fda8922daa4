import { BtfError } from "../error.ts";
import { BTF_HEADER_LENGTH, BTF_MAGIC, BTF_VERSION } from "../kinds.ts";

/** The two sections of a piece of BTF, located and bounds-checked. */
export interface BtfSections {
  littleEndian: boolean;
  /** The type section as words in the host's byte order: a view of the given bytes where that is possible, else a copy. */
  words: Uint32Array;
  /** The string section, a view of the given bytes. */
  strings: Uint8Array;
}

/** Whether this machine stores the low byte first. */
export function hostIsLittleEndian(): boolean {
  return new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
}

/**
 * Reads the header and finds the sections. As libbpf, and unlike the kernel (see {@link validateBtf}), it lets pass gaps between the
 * sections, unknown bytes in a longer header, and an empty type section.
 *
 * @see v6.18 tools/lib/bpf/btf.c, btf_parse_hdr, btf_parse_str_sec
 * @throws BtfError BTF_HEADER, BTF_STRINGS
 */
export function readSections(bytes: Uint8Array, isSplit: boolean): BtfSections {
  if (bytes.length < BTF_HEADER_LENGTH)
    throw new BtfError("BTF_HEADER", `BTF of ${bytes.length} bytes, a header needs ${BTF_HEADER_LENGTH}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = view.getUint16(0, true) === BTF_MAGIC;
  if (!littleEndian && view.getUint16(0, false) !== BTF_MAGIC) {
    const got = view.getUint16(0, true).toString(16).padStart(4, "0");
    throw new BtfError("BTF_HEADER", `no BTF: magic is 0x${got}, expected 0xeb9f in either byte order`);
  }
  const version = bytes[2]!;
  if (version !== BTF_VERSION) throw new BtfError("BTF_HEADER", `BTF version ${version}, only 1 is known`);
  const headerLength = view.getUint32(4, littleEndian);
  if (headerLength < BTF_HEADER_LENGTH || headerLength > bytes.length)
    throw new BtfError("BTF_HEADER", `BTF header length ${headerLength} outside of [24, ${bytes.length}]`);
  const typeOffset = view.getUint32(8, littleEndian);
  const typeLength = view.getUint32(12, littleEndian);
  const stringOffset = view.getUint32(16, littleEndian);
  const stringLength = view.getUint32(20, littleEndian);
  const room = bytes.length - headerLength;
  if (typeOffset % 4 !== 0 || typeLength % 4 !== 0)
    throw new BtfError("BTF_HEADER", `BTF type section [${typeOffset}, +${typeLength}] is not made of 4-byte words`);
  if (typeOffset + typeLength > stringOffset)
    throw new BtfError(
      "BTF_HEADER",
      `BTF type section [${typeOffset}, +${typeLength}] reaches into the strings at ${stringOffset}`,
    );
  if (stringOffset + stringLength > room)
    throw new BtfError(
      "BTF_HEADER",
      `BTF string section [${stringOffset}, +${stringLength}] reaches beyond the ${room} bytes after the header`,
    );
  const stringStart = headerLength + stringOffset;
  const strings = bytes.subarray(stringStart, stringStart + stringLength);
  checkStrings(strings, isSplit);
  return { littleEndian, words: typeWords(bytes, headerLength + typeOffset, typeLength, littleEndian), strings };
}

function checkStrings(strings: Uint8Array, isSplit: boolean): void {
  const { length } = strings;
  if (length === 0 && isSplit) return;
  if (length === 0) throw new BtfError("BTF_STRINGS", "BTF string section is empty, it must hold at least one 0 byte");
  if (strings[length - 1] !== 0) throw new BtfError("BTF_STRINGS", "BTF string section does not end with a 0 byte");
  if (!isSplit && strings[0] !== 0)
    throw new BtfError("BTF_STRINGS", "BTF string section does not start with the empty string");
}

function typeWords(bytes: Uint8Array, offset: number, length: number, littleEndian: boolean): Uint32Array {
  const start = bytes.byteOffset + offset;
  const sameOrder = littleEndian === hostIsLittleEndian();
  if (sameOrder && start % 4 === 0) return new Uint32Array(bytes.buffer, start, length / 4);
  const copy = bytes.slice(offset, offset + length);
  const words = new Uint32Array(copy.buffer, copy.byteOffset, length / 4);
  if (!sameOrder) {
    for (let i = 0; i < words.length; i++) {
      const w = words[i]!;
      words[i] = (w << 24) | ((w & 0xff00) << 8) | ((w >>> 8) & 0xff00) | (w >>> 24);
    }
  }
  return words;
}
