import type { MapIterator } from "@bpf-ts/maps";
import { E2BIG, EAGAIN } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";
import type { OpenFile } from "../fd-table.ts";
import type { IterLink } from "../links/iter-link.ts";
import type { Machine } from "../machine.ts";
import type { ProgObject } from "../objects/prog-object.ts";
import { SeqBuffer } from "./seq-buffer.ts";

const WORD = 8;
const CTX_SIZE = 4 * WORD;
const META_SIZE = 3 * WORD;

/**
 * One run of an iterator program over a map's elements: the program is called for each element, and once more without one at the end. What it prints
 * waits to be read.
 *
 * @see v6.18 kernel/bpf/bpf_iter.c, bpf_seq_read; hashtab.c, __bpf_hash_map_seq_show
 */
export class IterFile implements OpenFile {
  readonly kind = "iter";
  readonly #machine: Machine;
  readonly #link: IterLink;
  readonly #prog: ProgObject;
  readonly #sessionId: bigint;
  readonly #walk: MapIterator;
  readonly #out: SeqBuffer;
  /** A copy of the element's values of all CPUs, for per-CPU maps. */
  readonly #allValues: number;
  #seqNum = 0n;
  #isAtEnd = false;
  /** The program returned 1 for the current element. */
  #showAgain = false;
  #isOpen = true;

  /** @throws MemoryError ENOMEM */
  constructor(machine: Machine, link: IterLink, sessionId: bigint) {
    this.#machine = machine;
    this.#link = link;
    this.#sessionId = sessionId;
    this.#out = new SeqBuffer(machine.memory);
    machine.seqBuffers.set(this.#out.address, this.#out);
    this.#allValues = machine.memory.alloc(Math.max(link.map.map.sysValueSize, WORD), { label: "iterator value" });
    this.#walk = link.map.map.iterate({ resumable: true })!;
    this.#prog = link.prog;
    this.#prog.getRef();
    link.map.getUserRef();
  }

  /**
   * Runs the program for the next element. One step of a simulated interleaving: it runs to its end.
   *
   * @returns false once the call without an element has been made
   * @throws KernelError E2BIG if what was printed and not yet read exceeds the buffer; EAGAIN if the program asks to be shown the element again
   */
  step(cpu: number): boolean {
    if (this.#isAtEnd) return false;
    // Elements that go away while the program looks at them stay readable.
    this.#machine.maps.enter();
    try {
      const hasElement = this.#showAgain || this.#walk.next();
      this.#showAgain = false;
      if (!hasElement) {
        this.#isAtEnd = true;
        this.#run(cpu, 0, 0);
        return false;
      }
      const { map } = this.#link.map;
      let value = this.#walk.value;
      if (map.sysValueSize !== map.def.valueSize) {
        this.#walk.copyAll(this.#allValues);
        value = this.#allValues;
      }
      this.#run(cpu, this.#walk.key, value);
      this.#seqNum++;
      return true;
    } finally {
      this.#machine.maps.leave();
    }
  }

  #run(cpu: number, key: number, value: number): void {
    const { scratch, memory, runner } = this.#machine;
    scratch.with(META_SIZE, (meta) =>
      scratch.with(CTX_SIZE, (ctx) => {
        const view = memory.dataView;
        const set = (at: number, word: bigint): void => view.setBigUint64(at, word, true);
        set(meta, BigInt(this.#out.address));
        set(meta + WORD, this.#sessionId);
        set(meta + 2 * WORD, this.#seqNum);
        set(ctx, BigInt(meta));
        set(ctx + WORD, BigInt(this.#link.map.handle));
        set(ctx + 2 * WORD, BigInt(key));
        set(ctx + 3 * WORD, BigInt(value));
        const { r0Lo } = runner.run(this.#prog, ctx, cpu);
        if (this.#out.hasOverflowed)
          throw new KernelError(E2BIG, `${this.#prog.describe()} printed more than the iterator's buffer holds`);
        if (r0Lo === 0) return;
        this.#showAgain = key !== 0;
        throw new KernelError(EAGAIN, `${this.#prog.describe()} asks to be shown the element again`);
      }),
    );
  }

  /** read(2): runs until something is printed or the end is reached. Answers the number of bytes, 0 at the end. */
  read(cpu: number, buffer: Uint8Array): number {
    while (this.#out.pending === 0 && !this.#isAtEnd) this.step(cpu);
    return this.#out.take(buffer);
  }

  release(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#walk.close();
    this.#machine.memory.free(this.#allValues);
    this.#machine.seqBuffers.delete(this.#out.address);
    this.#out[Symbol.dispose]();
    this.#prog.putRef();
    this.#link.map.putUserRef();
  }
}
