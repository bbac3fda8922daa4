import { E2BIG, EINVAL, ENOTSUPP } from "@bpf-ts/uapi/errno";
import { BTF_HEADER_LENGTH, BTF_MAGIC, BTF_MAX_NAME_OFFSET, BTF_VERSION } from "../kinds.ts";
import type { Input } from "./input.ts";
import type { Log } from "./log.ts";

/** The header's fields as far as it has them; what a short header leaves out is 0. */
export interface RawHeader {
  headerLength: number;
  typeOffset: number;
  typeLength: number;
  stringOffset: number;
  stringLength: number;
}

/**
 * The header and the place of the sections: exactly two, without gap or overlap.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_parse_hdr, btf_check_sec_info
 */
export function checkHeader(input: Input, log: Log): RawHeader {
  const { bytes } = input;
  if (bytes.length < 8) log.fail(EINVAL, "hdr_len not found");
  const headerLength = input.u32(4);
  if (bytes.length < headerLength) log.fail(EINVAL, "btf_header not found");
  for (let i = BTF_HEADER_LENGTH; i < headerLength; i++) if (bytes[i] !== 0) log.fail(E2BIG, "Unsupported btf_header");

  const copy = new Uint8Array(BTF_HEADER_LENGTH);
  copy.set(bytes.subarray(0, Math.min(headerLength, BTF_HEADER_LENGTH)));
  const view = new DataView(copy.buffer);
  const field = (offset: number): number => view.getUint32(offset, true);
  const header: RawHeader = {
    headerLength: field(4),
    typeOffset: field(8),
    typeLength: field(12),
    stringOffset: field(16),
    stringLength: field(20),
  };
  const magic = view.getUint16(0, true);
  log.trace(`magic: 0x${magic.toString(16)}\n`);
  log.trace(`version: ${copy[2]}\n`);
  log.trace(`flags: 0x${copy[3]!.toString(16)}\n`);
  log.trace(`hdr_len: ${header.headerLength}\n`);
  log.trace(`type_off: ${header.typeOffset}\n`);
  log.trace(`type_len: ${header.typeLength}\n`);
  log.trace(`str_off: ${header.stringOffset}\n`);
  log.trace(`str_len: ${header.stringLength}\n`);
  log.trace(`btf_total_size: ${bytes.length}\n`);
  if (magic !== BTF_MAGIC) log.fail(EINVAL, "Invalid magic");
  if (copy[2] !== BTF_VERSION) log.fail(ENOTSUPP, "Unsupported version");
  if (copy[3] !== 0) log.fail(ENOTSUPP, "Unsupported flags");
  if (bytes.length === header.headerLength) log.fail(EINVAL, "No data");
  checkSections(header, bytes.length - header.headerLength, log);
  return header;
}

function checkSections(header: RawHeader, room: number, log: Log): void {
  const sections = [
    { offset: header.typeOffset, length: header.typeLength },
    { offset: header.stringOffset, length: header.stringLength },
  ];
  // The kernel compares as signed differences.
  sections.sort((a, b) => (a.offset - b.offset) | 0 || (a.length - b.length) | 0);
  let total = 0;
  for (const { offset, length } of sections) {
    if (room < offset) log.fail(EINVAL, "Invalid section offset");
    if (total < offset) log.fail(EINVAL, "Unsupported section found");
    if (total > offset) log.fail(EINVAL, "Section overlap found");
    if (room - total < length) log.fail(EINVAL, "Total section length too long");
    total += length;
  }
  if (room !== total) log.fail(EINVAL, "Unsupported section found");
}

/**
 * The string section: at the end, terminated, starting with the empty string.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_parse_str_sec
 */
export function checkStrings(input: Input, header: RawHeader, log: Log): void {
  const start = header.headerLength + header.stringOffset;
  const end = start + header.stringLength;
  const { bytes } = input;
  if (end !== bytes.length) log.fail(EINVAL, "String section is not at the end");
  const { stringLength } = header;
  if (stringLength === 0 || stringLength - 1 > BTF_MAX_NAME_OFFSET || bytes[end - 1] !== 0 || bytes[start] !== 0)
    log.fail(EINVAL, "Invalid string section");
  input.strings = bytes.subarray(start, end);
}
