import type { Memory } from "@bpf-ts/memory";
import type { MappedMemory } from "@bpf-ts/uapi";
import { EINVAL, ENOSPC, EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";
import { RefCounted } from "../objects/ref-counted.ts";
import { MappedRange } from "../process/mapped-range.ts";
import { WaitQueue } from "../process/wait-queue.ts";
import { OutputBuffer } from "./output-buffer.ts";

const PAGE = 4096;

/** How an output event is made. */
export interface OutputEventOptions {
  /** The CPU whose programs may write to it. */
  readonly cpu: number;
  /** Records after which readers are woken, 0 for never. */
  readonly wakeupEvents: number;
}

/**
 * A software perf event for `bpf_perf_event_output`: one CPU's programs write samples to it, user space reads them from mapped pages. Without those
 * there is no room for any.
 *
 * @see v6.18 kernel/events/core.c, PERF_COUNT_SW_BPF_OUTPUT
 */
export class OutputEvent extends RefCounted {
  readonly cpu: number;
  readonly waitQueue: WaitQueue = new WaitQueue();
  readonly #memory: Memory;
  readonly #id: number;
  readonly #wakeupEvents: number;
  readonly #onDestroy: (event: OutputEvent) => void;
  #buffer: OutputBuffer | undefined;
  #mappings = 0;
  #isReadable = false;

  constructor(memory: Memory, id: number, options: OutputEventOptions, onDestroy: (event: OutputEvent) => void) {
    super();
    this.#memory = memory;
    this.#id = id;
    this.cpu = options.cpu;
    this.#wakeupEvents = options.wakeupEvents;
    this.#onDestroy = onDestroy;
  }

  /** A raw sample of a program on `cpu`: 0, -EOPNOTSUPP on another CPU than its own, -ENOSPC where there is no room. */
  output(cpu: number, data: Uint8Array): number {
    if (cpu !== this.cpu) return -EOPNOTSUPP;
    if (this.#buffer === undefined) return -ENOSPC;
    return this.#buffer.output(data, this.#id, this.#wakeupEvents, () => {
      this.#isReadable = true;
      this.waitQueue.wake();
    });
  }

  /** Whether readers were woken since this was asked last. @see v6.18 kernel/events/core.c, perf_poll */
  takeReadable(): boolean {
    const isReadable = this.#isReadable && this.#buffer !== undefined;
    this.#isReadable = false;
    return isReadable;
  }

  /**
   * mmap(2): a page of positions, and a power of two of pages of data, or none. All mappings are of one size.
   *
   * @throws KernelError EINVAL; MemoryError ENOMEM
   * @see v6.18 kernel/events/core.c, perf_mmap
   */
  map(length: number, offset: number): MappedMemory {
    const pages = Math.ceil(length / PAGE) - 1;
    const isPower = pages === 0 || (pages > 0 && Math.log2(pages) % 1 === 0);
    if (offset !== 0 || !isPower || (this.#buffer !== undefined && this.#buffer.size !== PAGE * (1 + pages)))
      throw new KernelError(EINVAL, `mapping of ${length} bytes at ${offset} of a perf event`);
    this.#buffer ??= new OutputBuffer(this.#memory, pages);
    this.#mappings++;
    this.getRef();
    return new MappedRange(this.#memory, this.#buffer.address, length, true, () => {
      if (--this.#mappings === 0) {
        this.#buffer?.free();
        this.#buffer = undefined;
        this.#isReadable = false;
      }
      this.putRef();
    });
  }

  describe(): string {
    return `perf event ${this.#id} (BPF output, CPU ${this.cpu})`;
  }

  protected destroy(): void {
    this.#onDestroy(this);
  }
}
