import type { MapIterator } from "@bpf-ts/maps";
import { E2BIG, EAGAIN } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";
import type { OpenFile } from "../fd-table.ts";
import type { IterLink } from "../links/iter-link.ts";
import type { Machine } from "../machine.ts";
import type { MapObject } from "../objects/map-object.ts";
import type { ProgObject } from "../objects/prog-object.ts";
import { SeqBuffer } from "./seq-buffer.ts";

const WORD = 8;
const CTX_SIZE = 4 * WORD;
const META_SIZE = 3 * WORD;

/**
 * One run of an iterator program over a map's elements: the program is called for each element, and once more without one at the end. What it prints
 * waits to be read. An element whose output does not fit, or that the program wants to see again, is shown once more later; what was printed for it
 * is gone.
 *
 * @see v6.18 kernel/bpf/bpf_iter.c, bpf_seq_read; hashtab.c, __bpf_hash_map_seq_show
 */
export class IterFile implements OpenFile {
  readonly kind = "iter";
  readonly #machine: Machine;
  readonly #map: MapObject;
  readonly #prog: ProgObject;
  readonly #sessionId: bigint;
  readonly #walk: MapIterator;
  readonly #out: SeqBuffer;
  /** A copy of the element's values of all CPUs, for per-CPU maps. */
  readonly #allValues: number;
  #seqNum = 0n;
  #isAtEnd = false;
  /** The current element is to be shown once more. */
  #showAgain = false;
  #isOpen = true;

  /** Takes references to the link's program and map. @throws MemoryError ENOMEM, with nothing kept */
  constructor(machine: Machine, link: IterLink) {
    const { memory } = machine;
    this.#machine = machine;
    this.#map = link.map;
    this.#prog = link.prog;
    const undo: (() => void)[] = [];
    try {
      this.#out = new SeqBuffer(memory);
      undo.push(() => this.#out[Symbol.dispose]());
      this.#allValues = memory.alloc(Math.max(link.map.map.sysValueSize, WORD), { label: "iterator value" });
      undo.push(() => memory.free(this.#allValues));
      this.#walk = link.map.map.iterate({ resumable: true })!;
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    }
    this.#sessionId = machine.nextIterSession();
    machine.seqBuffers.set(this.#out.address, this.#out);
    this.#prog.getRef();
    this.#map.getUserRef();
  }

  /**
   * Runs the program for the next element. One step of a simulated interleaving: it runs to its end.
   *
   * @returns false once the call without an element has been made
   * @throws KernelError E2BIG if what was printed and not yet read exceeds the buffer; EAGAIN if the program asks to be shown the element again
   */
  step(cpu: number): boolean {
    const errno = this.#step(cpu);
    if (errno === E2BIG)
      throw new KernelError(E2BIG, `${this.#prog.describe()} printed more than the iterator's buffer holds`);
    if (errno === EAGAIN) throw new KernelError(EAGAIN, `${this.#prog.describe()} asks to be shown the element again`);
    return !this.#isAtEnd;
  }

  /** 0, E2BIG or EAGAIN. */
  #step(cpu: number): number {
    if (this.#isAtEnd || !this.#isOpen) return 0;
    // Elements that go away while the program looks at them stay readable.
    this.#machine.maps.enter();
    try {
      const hasElement = this.#showAgain || this.#walk.next();
      this.#showAgain = false;
      if (!hasElement) {
        // Its result does not matter.
        this.#isAtEnd = this.#show(cpu, 0, 0) !== E2BIG;
        return this.#isAtEnd ? 0 : E2BIG;
      }
      const { map } = this.#map;
      let value = this.#walk.value;
      if (map.sysValueSize !== map.def.valueSize) {
        this.#walk.copyAll(this.#allValues);
        value = this.#allValues;
      }
      const errno = this.#show(cpu, this.#walk.key, value);
      this.#showAgain = errno !== 0;
      if (errno === 0) this.#seqNum++;
      return errno;
    } finally {
      this.#machine.maps.leave();
    }
  }

  #show(cpu: number, key: number, value: number): number {
    const { scratch, memory, runner } = this.#machine;
    const before = this.#out.mark();
    const r0 = scratch.with(META_SIZE, (meta) =>
      scratch.with(CTX_SIZE, (ctx) => {
        const view = memory.dataView;
        const set = (at: number, word: bigint): void => view.setBigUint64(at, word, true);
        set(meta, BigInt(this.#out.address));
        set(meta + WORD, this.#sessionId);
        set(meta + 2 * WORD, this.#seqNum);
        set(ctx, BigInt(meta));
        set(ctx + WORD, BigInt(this.#map.handle));
        set(ctx + 2 * WORD, BigInt(key));
        set(ctx + 3 * WORD, BigInt(value));
        return runner.run(this.#prog, ctx, cpu).r0Lo;
      }),
    );
    const again = r0 !== 0 && key !== 0;
    const errno = again ? EAGAIN : this.#out.hasOverflowed ? E2BIG : 0;
    if (errno !== 0) this.#out.rewind(before);
    return errno;
  }

  /**
   * read(2): runs until the buffer can be filled or the end is reached. Answers the number of bytes, 0 at the end.
   *
   * @throws KernelError E2BIG, EAGAIN if that happens before anything was printed
   */
  read(cpu: number, buffer: Uint8Array): number {
    const waiting = this.#out.pending > 0;
    while (!waiting && this.#out.pending < buffer.length && !this.#isAtEnd && this.#isOpen) {
      if (this.#out.pending === 0) this.step(cpu);
      else if (this.#step(cpu) !== 0) break;
    }
    return this.#out.take(buffer);
  }

  release(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#machine.whenIdle(() => {
      this.#walk.close();
      this.#machine.memory.free(this.#allValues);
      this.#machine.seqBuffers.delete(this.#out.address);
      this.#out[Symbol.dispose]();
      this.#prog.putRef();
      this.#map.putUserRef();
    });
  }
}
