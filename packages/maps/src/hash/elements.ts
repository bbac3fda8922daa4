import type { LayoutPart, Memory } from "@bpf-ts/memory";
import { MemoryError } from "@bpf-ts/memory";
import type { ElementCode } from "../code/cache.ts";
import {
  HEADER_FREE,
  HEADER_FRESH,
  HEADER_FRESH_END,
  HEADER_STRIDE,
  HEADER_WAITING_COUNT,
  HEADER_WAITING_FIRST,
  HEADER_WAITING_LAST,
} from "../header.ts";
import type { MapHome } from "../home.ts";
import { ELEMENT_HASH } from "./layout.ts";

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

/**
 * The elements of one map: free, waiting, and in use. Their addresses are stable. Where free ones come from is here; how one is taken and given
 * back, in `../code/elements.ts`; the lists are words of the map's header.
 *
 * A deleted element is free at once when no program runs. Otherwise it waits, untouched, until the last program has ended, because the program may
 * hold its address (Linux gives it away sooner; nothing that a correct program can tell, but tracers may look at key and value). So that a
 * program that deletes and inserts for ever does not exhaust the memory, no more than {@link WAITING_BYTES} wait: beyond that, or when the memory
 * has no more room, the one that waits longest is used again; not while somebody reads what was deleted ({@link MapTable.keepDeleted}).
 */
export class Elements {
  readonly stride: number;
  readonly #home: MapHome;
  readonly #memory: Memory;
  readonly #form: ElementForm;
  readonly #code: ElementCode;
  #chunkElements = 0;

  /**
   * @param code that of the map, or that of elements alone
   * @param count elements to make at once; 0 to make all on demand
   * @throws MemoryError ENOMEM
   */
  constructor(home: MapHome, code: ElementCode, form: ElementForm, count: number) {
    this.#home = home;
    this.#memory = home.memory;
    this.#form = form;
    this.#code = code;
    this.stride = form.stride;
    home.slowPaths.refill = () => this.#refill();
    home.slowPaths.wait = () => home.table.whenIdle(this);
    this.#set(HEADER_STRIDE, form.stride);
    if (count > 0) this.#addChunk(count);
    this.#chunkElements = Math.max(1, Math.floor(CHUNK_MIN / form.stride));
  }

  #get(word: number): number {
    return this.#memory.u32[(this.#home.handle + word) >>> 2]!;
  }

  #set(word: number, value: number): void {
    this.#memory.u32[(this.#home.handle + word) >>> 2] = value;
  }

  #addChunk(count: number): void {
    const { stride, parts, label } = this.#form;
    const chunk = this.#home.own.alloc(count * stride, { label, layout: { offset: 0, stride, count, parts } });
    this.#set(HEADER_FRESH, chunk);
    this.#set(HEADER_FRESH_END, chunk + count * stride);
  }

  /**
   * A free element; its content is whatever it was. Views may move.
   *
   * @returns its address, 0 if there is no more memory
   */
  take(): number {
    return this.#code.take(this.#home.handle) >>> 0;
  }

  /** {@link take} when none is free and none was never used. */
  #refill(): number {
    const waiting = this.#get(HEADER_WAITING_COUNT);
    const mayReuse = waiting > 0 && !this.#home.table.keepsDeleted;
    if (mayReuse && waiting * this.stride > WAITING_BYTES) return this.#takeWaiting();
    try {
      this.#addChunk(this.#chunkElements);
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error;
      return mayReuse ? this.#takeWaiting() : this.#takeOne();
    }
    if (this.#chunkElements * this.stride < CHUNK_MAX) this.#chunkElements *= 2;
    return this.take();
  }

  /** When there is no room for a whole chunk, there may be for one element. */
  #takeOne(): number {
    if (this.#chunkElements === 1) return 0;
    this.#chunkElements = 1;
    return this.#refill();
  }

  #takeWaiting(): number {
    const element = this.#get(HEADER_WAITING_FIRST);
    const left = this.#get(HEADER_WAITING_COUNT) - 1;
    this.#set(HEADER_WAITING_FIRST, this.#memory.u32[(element + ELEMENT_HASH) >>> 2]!);
    this.#set(HEADER_WAITING_COUNT, left);
    if (left === 0) this.#set(HEADER_WAITING_LAST, 0);
    return element;
  }

  /** Frees an element that left the map: now, or when no program can hold it any more. */
  release(element: number): void {
    this.#code.release(this.#home.handle, element);
  }

  /** All waiting elements are free now. */
  reclaim(): void {
    const last = this.#get(HEADER_WAITING_LAST);
    if (last === 0) return;
    this.#memory.u32[(last + ELEMENT_HASH) >>> 2] = this.#get(HEADER_FREE);
    this.#set(HEADER_FREE, this.#get(HEADER_WAITING_FIRST));
    this.#set(HEADER_WAITING_FIRST, 0);
    this.#set(HEADER_WAITING_LAST, 0);
    this.#set(HEADER_WAITING_COUNT, 0);
  }

  /** The table forgets about waiting elements; their memory goes with the map's. */
  close(): void {
    this.#home.table.forget(this);
  }
}
