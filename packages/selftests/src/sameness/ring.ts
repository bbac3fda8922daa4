import type { Bpf, MappedMemory } from "@bpf-ts/uapi";
import { hex } from "./bytes.ts";

const PAGE = 4096;
const LENGTH_MASK = 0x3fff_ffff;

/** The consumer of a ring buffer. @see v6.18 Documentation/bpf/ringbuf.rst */
export class Ring {
  readonly #consumer: MappedMemory;
  readonly #rest: MappedMemory;
  readonly #size: number;

  constructor(bpf: Bpf, map: number, size: number) {
    this.#size = size;
    this.#consumer = bpf.mmap(map, PAGE, 0, true);
    // The producer's position, then the data, twice in a row.
    this.#rest = bpf.mmap(map, PAGE + 2 * size, PAGE, false);
  }

  /** `eat`: takes n records. `data`: what all records are. */
  do(what: "eat" | "data" | "positions", n: number): string {
    const rest = this.#rest.bytes;
    const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength);
    const consumer = this.#consumer.bytes;
    const position = new DataView(consumer.buffer, consumer.byteOffset, consumer.byteLength);
    const produced = Number(view.getBigUint64(0, true));
    let at = Number(position.getBigUint64(0, true));
    if (what === "positions") return `${at} ${produced}`;
    const found: string[] = [];
    for (let i = 0; at < produced && (what === "data" || i < n); i++) {
      const record = PAGE + (at % this.#size);
      const header = view.getUint32(record, true);
      const length = header & LENGTH_MASK;
      // The second word says how far the record is from the ring's own pages, which differs.
      found.push(`${header}:${hex(rest.subarray(record + 8, record + 8 + length))}`);
      at += Math.ceil((length + 8) / 8) * 8;
    }
    if (what === "data") return `${produced} ${found.join(" ")}`;
    position.setBigUint64(0, BigInt(at), true);
    return String(at);
  }

  close(): void {
    this.#consumer[Symbol.dispose]();
    this.#rest[Symbol.dispose]();
  }
}
