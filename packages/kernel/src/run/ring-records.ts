import type { RingbufMap } from "@bpf-ts/maps";

/**
 * Records of ring buffers that programs have reserved and not committed yet. In Linux a record's header says how far the ring's beginning is away; here
 * a list says which ring it is.
 *
 * @see v6.18 kernel/bpf/ringbuf.c, bpf_ringbuf_restore_from_rec
 */
export class RingRecords {
  readonly #rings: Map<number, RingbufMap> = new Map();

  /** Records that are reserved now. */
  get count(): number {
    return this.#rings.size;
  }

  /** A record of `size` bytes: the sample's address (unsigned), 0 where there is no room. */
  reserve(ring: RingbufMap, size: number): number {
    const sample = ring.reserve(size) >>> 0;
    if (sample !== 0) this.#rings.set(sample, ring);
    return sample;
  }

  /**
   * Hands a record over to the consumer, or drops it.
   *
   * @param flags BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP; others are ignored, as in Linux
   */
  commit(sample: number, flags: number, discard: boolean): void {
    const address = sample >>> 0;
    const ring = this.#rings.get(address);
    if (ring === undefined) throw new Error("no reserved record: the verifier passed a wrong pointer");
    this.#rings.delete(address);
    ring.commit(address, flags, discard);
  }

  /** Drops all that are left: those of programs that were ended before they could commit, for want of fuel. */
  abandon(): void {
    for (const address of [...this.#rings.keys()]) this.commit(address, 0, true);
  }
}
