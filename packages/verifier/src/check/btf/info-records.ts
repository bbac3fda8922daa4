import type { RawInfo } from "@bpf-ts/uapi";

/** Number of records, 0 without any. A record size of 0 counts as one record, for its size to be refused. */
export function recordCount(info: RawInfo | undefined): number {
  if (info === undefined || info.bytes.length === 0) return 0;
  return info.recSize === 0 ? 1 : Math.floor(info.bytes.length / info.recSize);
}

/** Reads 32-bit fields: `word(record, byte offset)`. Little-endian, as the machine that loads. */
export function wordReader(info: RawInfo): (record: number, offset: number) => number {
  const view = new DataView(info.bytes.buffer, info.bytes.byteOffset, info.bytes.byteLength);
  return (record, offset) => view.getUint32(record * info.recSize + offset, true);
}

/** Whether a record is longer than the kernel's own and what it does not know is not zero. @see v6.18 kernel/bpf/syscall.c, bpf_check_uarg_tail_zero */
export function hasNonzeroTail(info: RawInfo, record: number, knownSize: number): boolean {
  const start = record * info.recSize;
  for (let i = start + knownSize; i < start + info.recSize; i++) if (info.bytes[i] !== 0) return true;
  return false;
}
