import type { Memory } from "@bpf-ts/memory";
import { ENOSPC } from "@bpf-ts/uapi/errno";

const PAGE = 4096;
/** Offsets in the first page, `struct perf_event_mmap_page`. @see v6.18 include/uapi/linux/perf_event.h */
const DATA_HEAD = 1024;
const DATA_TAIL = 1032;
const DATA_OFFSET = 1040;
const DATA_SIZE = 1048;
/** `struct perf_event_header`: {u32 type; u16 misc; u16 size}. */
const HEADER = 8;
const PERF_RECORD_LOST = 2;
const PERF_RECORD_SAMPLE = 9;
const PERF_RECORD_MISC_KERNEL = 1;
/** {header; u64 id; u64 lost} */
const LOST_BYTES = 24;

/**
 * The pages that user space has mapped of a perf event: {positions | data}. Records go around the end; what does not fit is counted, and told of before the
 * next record that fits.
 *
 * @see v6.18 kernel/events/ring_buffer.c
 */
export class OutputBuffer {
  readonly address: number;
  /** Bytes of all pages. */
  readonly size: number;
  readonly #memory: Memory;
  readonly #mask: number;
  #head = 0;
  #lost = 0;
  /** Position up to which readers were woken for the buffer's filling; moves for other reasons as well. */
  #wakeup = 0;
  /** Records since the last wakeup. */
  #events = 0;

  /** @param pages of data: 0 or a power of two. @throws MemoryError ENOMEM */
  constructor(memory: Memory, pages: number) {
    this.#memory = memory;
    this.size = PAGE * (1 + pages);
    this.#mask = PAGE * pages - 1;
    this.address = memory.reserve(this.size, { label: "perf event pages", align: PAGE });
    memory.setU64(this.address + DATA_OFFSET, BigInt(PAGE));
    memory.setU64(this.address + DATA_SIZE, BigInt(PAGE * pages));
  }

  /**
   * Adds a raw sample.
   *
   * @param id of the event, for what is told of lost ones
   * @param wakeupEvents records after which readers are woken, 0 for never
   * @param wake called where they are
   * @returns 0 or -ENOSPC
   */
  output(data: Uint8Array, id: number, wakeupEvents: number, wake: () => void): number {
    const raw = Math.ceil((data.length + 4) / 8) * 8 - 4;
    // A record's size has 16 bits. Linux takes longer ones all the same: the next record is written into them.
    const sample = (HEADER + 4 + raw) & 0xffff;
    if (this.#mask < 0) return -ENOSPC;
    const woken = this.#wakeup;
    const size = sample + (this.#lost > 0 ? LOST_BYTES : 0);
    const fits = this.#room() >= size;
    if (fits) this.#append(data, id, raw, sample, size, wakeupEvents);
    else this.#lost++;
    this.#memory.setU64(this.address + DATA_HEAD, BigInt(this.#head));
    if (this.#wakeup !== woken) wake();
    return fits ? 0 : -ENOSPC;
  }

  /** One byte less than the buffer holds, as of Linux's circular buffers, whatever user space has written for its position. */
  #room(): number {
    const tail = this.#memory.getU32(this.address + DATA_TAIL);
    return (tail - (this.#head + 1)) & this.#mask;
  }

  #append(data: Uint8Array, id: number, raw: number, sample: number, size: number, wakeupEvents: number): void {
    const end = this.#head + size;
    if (end - this.#wakeup > (this.#mask + 1) / 2) this.#wakeup += (this.#mask + 1) / 2;
    if (this.#lost > 0) {
      const lost = record(LOST_BYTES, PERF_RECORD_LOST, 0);
      lost.setBigUint64(HEADER, BigInt(id), true);
      lost.setBigUint64(HEADER + 8, BigInt(this.#lost), true);
      this.#put(new Uint8Array(lost.buffer), LOST_BYTES);
      this.#lost = 0;
    }
    const view = record(HEADER + 4 + raw, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL);
    view.setUint32(HEADER, raw, true);
    const bytes = new Uint8Array(view.buffer);
    bytes.set(data, HEADER + 4);
    this.#put(bytes, sample);
    if (wakeupEvents === 0 || ++this.#events < wakeupEvents) return;
    this.#events -= wakeupEvents;
    this.#wakeup++;
  }

  /** Writes a record, around the end and on. @param size by which the position moves on */
  #put(bytes: Uint8Array, size: number): void {
    for (let done = 0; done < bytes.length; ) {
      const at = (this.#head + done) % (this.#mask + 1);
      const part = bytes.subarray(done, done + this.#mask + 1 - at);
      this.#memory.u8.set(part, this.address + PAGE + at);
      done += part.length;
    }
    this.#head += size;
  }

  free(): void {
    this.#memory.free(this.address);
  }
}

function record(size: number, type: number, misc: number): DataView {
  const view = new DataView(new ArrayBuffer(size));
  view.setUint32(0, type, true);
  view.setUint16(4, misc, true);
  view.setUint16(6, size, true);
  return view;
}
