import type { LayoutPart, Memory } from "@bpf-ts/memory";
import { MemoryError } from "@bpf-ts/memory";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";

/**
 * Elements of one size with stable addresses. Every element begins with two words that no program reaches:
 *
 * | offset | word |
 * |---|---|
 * | 0 | next element of its chain; stays as it was after deletion, so that a walk that stands on it goes on |
 * | 4 | hash of the key; for an element that is not in the map: the next one of the free list or of the waiting list |
 *
 * A deleted element is free at once when no program runs. Otherwise it waits, untouched, until the last program has ended, because the program may
 * hold its address (Linux gives it away sooner; nothing that a correct program can tell, but tracers may look at key and value). So that a
 * program that deletes and inserts for ever does not exhaust the memory, no more than {@link WAITING_BYTES} wait: beyond that, or when the memory
 * has no more room, the one that waits longest is used again; not while somebody reads what was deleted ({@link MapTable.keepDeleted}).
 */
export const ELEMENT_NEXT = 0;
export const ELEMENT_HASH = 4;

/** See {@link Elements}. */
const WAITING_BYTES = 16 * 1024 * 1024;
/** A chunk of elements made on demand has at least and at most so many bytes. */
const CHUNK_MIN = 1024;
const CHUNK_MAX = 256 * 1024;

/** What the elements of one map look like. */
export interface ElementForm {
  /** From one element to the next, a multiple of 8. */
  readonly stride: number;
  /** What programs may touch. */
  readonly parts: readonly LayoutPart[];
  readonly label: string;
}

/** The elements of one map: free, waiting, and in use. */
export class Elements {
  readonly stride: number;
  readonly #table: MapTable;
  readonly #memory: Memory;
  readonly #own: OwnMemory;
  readonly #form: ElementForm;
  #free = 0;
  /** The part of the newest chunk that was never used. */
  #fresh = 0;
  #freshEnd = 0;
  #chunkElements = 0;
  #waitingFirst = 0;
  #waitingLast = 0;
  #waitingCount = 0;

  /**
   * @param count elements to make at once; 0 to make all on demand
   * @throws MemoryError ENOMEM
   */
  constructor(table: MapTable, own: OwnMemory, form: ElementForm, count: number) {
    this.#table = table;
    this.#memory = table.memory;
    this.#own = own;
    this.#form = form;
    this.stride = form.stride;
    if (count > 0) this.#addChunk(count);
    this.#chunkElements = Math.max(1, Math.floor(CHUNK_MIN / form.stride));
  }

  #addChunk(count: number): void {
    const { stride, parts, label } = this.#form;
    this.#fresh = this.#own.alloc(count * stride, { label, layout: { offset: 0, stride, count, parts } });
    this.#freshEnd = this.#fresh + count * stride;
  }

  /**
   * A free element; its content is whatever it was. Views may move.
   *
   * @returns its address, 0 if there is no more memory
   */
  take(): number {
    const first = this.#free;
    if (first !== 0) {
      this.#free = this.#memory.u32[(first + ELEMENT_HASH) >>> 2]!;
      return first;
    }
    return this.#takeFresh();
  }

  #takeFresh(): number {
    if (this.#fresh === this.#freshEnd) {
      const mayReuse = this.#waitingCount > 0 && !this.#table.keepsDeleted;
      if (mayReuse && this.#waitingCount * this.stride > WAITING_BYTES) return this.#takeWaiting();
      try {
        this.#addChunk(this.#chunkElements);
      } catch (error) {
        if (!(error instanceof MemoryError)) throw error;
        return mayReuse ? this.#takeWaiting() : this.#takeOne();
      }
      if (this.#chunkElements * this.stride < CHUNK_MAX) this.#chunkElements *= 2;
    }
    const element = this.#fresh;
    this.#fresh += this.stride;
    return element;
  }

  /** When there is no room for a whole chunk, there may be for one element. */
  #takeOne(): number {
    if (this.#chunkElements === 1) return 0;
    this.#chunkElements = 1;
    return this.#takeFresh();
  }

  #takeWaiting(): number {
    const element = this.#waitingFirst;
    this.#waitingFirst = this.#memory.u32[(element + ELEMENT_HASH) >>> 2]!;
    if (--this.#waitingCount === 0) this.#waitingLast = 0;
    return element;
  }

  /** Frees an element that left the map: now, or when no program can hold it any more. */
  release(element: number): void {
    const { u32 } = this.#memory;
    if (!this.#table.busy) {
      u32[(element + ELEMENT_HASH) >>> 2] = this.#free;
      this.#free = element;
      return;
    }
    u32[(element + ELEMENT_HASH) >>> 2] = 0;
    if (this.#waitingLast !== 0) u32[(this.#waitingLast + ELEMENT_HASH) >>> 2] = element;
    else this.#waitingFirst = element;
    this.#waitingLast = element;
    if (this.#waitingCount++ === 0) this.#table.whenIdle(this);
  }

  /** All waiting elements are free now. */
  reclaim(): void {
    if (this.#waitingLast === 0) return;
    this.#memory.u32[(this.#waitingLast + ELEMENT_HASH) >>> 2] = this.#free;
    this.#free = this.#waitingFirst;
    this.#waitingFirst = 0;
    this.#waitingLast = 0;
    this.#waitingCount = 0;
  }

  /** The table forgets about waiting elements; their memory goes with the map's. */
  close(): void {
    this.#table.forget(this);
  }
}
