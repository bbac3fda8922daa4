import { UserRingbufMap, type UserSample } from "@bpf-ts/maps";
import type { Memory } from "@bpf-ts/memory";
import { EAGAIN, EBUSY, EINVAL, ENODATA } from "@bpf-ts/uapi/errno";
import { BPF_RB_FORCE_WAKEUP, BPF_RB_NO_WAKEUP } from "@bpf-ts/uapi/helper-flags";
import type { CallbackLoop, Run } from "@bpf-ts/vm";
import { high } from "./args.ts";
import { DYNPTR_BYTES, setDynptr } from "./dynptr.ts";
import type { HelperFactory } from "./env.ts";
import { NoLoop, setArgs } from "./loops.ts";
import { mapOf } from "./map-elem.ts";

const WAKEUP_FLAGS = BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP;
/** BPF_MAX_USER_RINGBUF_SAMPLES: one drain looks at no more, the discarded ones included. */
const MAX_SAMPLES = 128 * 1024;

/**
 * One drain: shows each sample as a dynptr, which programs may write to as well, and consumes it when the callback has returned. The sample's memory
 * is within a program's reach for as long.
 *
 * @see v6.18 kernel/bpf/ringbuf.c, bpf_user_ringbuf_drain
 */
class Drain implements CallbackLoop {
  result = 0;
  readonly #memory: Memory;
  readonly #ring: UserRingbufMap;
  readonly #func: number;
  readonly #ctxLo: number;
  readonly #ctxHi: number;
  readonly #flags: number;
  readonly #dynptr: number;
  #shown: UserSample | undefined;
  #samples = 0;
  #discarded = 0;

  /** @throws MemoryError ENOMEM */
  constructor(ring: UserRingbufMap, func: number, ctxLo: number, ctxHi: number, flags: number) {
    this.#memory = ring.table.memory;
    this.#ring = ring;
    this.#func = func;
    this.#ctxLo = ctxLo;
    this.#ctxHi = ctxHi;
    this.#flags = flags;
    this.#dynptr = this.#memory.reserve(DYNPTR_BYTES, { label: "sample's dynptr" });
    ring.busy = true;
  }

  next(run: Run, previousR0: number | undefined): number {
    if (previousR0 !== undefined) {
      this.#hide(true);
      if (previousR0 !== 0) return this.#end(this.#samples - this.#discarded);
    }
    for (; this.#samples < MAX_SAMPLES; this.#samples++, this.#discarded++) {
      const sample = this.#ring.peekSample();
      if (typeof sample !== "number") return this.#show(run, sample);
      if (sample === -ENODATA) break;
      if (sample !== -EAGAIN) return this.#end(sample);
    }
    return this.#end(this.#samples - this.#discarded);
  }

  #show(run: Run, sample: UserSample): number {
    this.#samples++;
    this.#shown = sample;
    if (sample.size > 0) this.#memory.addRegion(sample.address, sample.size, { label: "user ring buffer sample" });
    setDynptr(this.#memory, this.#dynptr, "local", sample.address, sample.size);
    setArgs(run, [this.#dynptr], 1, this.#ctxLo, this.#ctxHi);
    return this.#func;
  }

  #hide(consume: boolean): void {
    const sample = this.#shown;
    if (sample === undefined) return;
    this.#shown = undefined;
    if (sample.size > 0) this.#memory.removeRegion(sample.address);
    if (consume) this.#ring.releaseSample(sample);
  }

  #end(result: number): number {
    this.result = result;
    this.#free();
    this.#ring.drained(this.#samples, this.#flags);
    return 0;
  }

  #free(): void {
    this.#memory.free(this.#dynptr);
    this.#ring.busy = false;
  }

  /** The program was ended inside its callback: the sample stays where it is. */
  close(): void {
    this.#hide(false);
    this.#free();
  }
}

/** `bpf_user_ringbuf_drain`: how many samples were shown; -EBUSY inside a drain of the same ring, -EINVAL and -E2BIG for what user space got wrong. */
export const userRingbufDrain: HelperFactory = (k) => ({
  name: "bpf_user_ringbuf_drain",
  callback: (run, handle, func, ctx, flags) => {
    if ((flags & ~WAKEUP_FLAGS) !== 0 || high(run, 4) !== 0) return new NoLoop(-EINVAL);
    const { map } = mapOf(k, handle);
    if (!(map instanceof UserRingbufMap)) throw new Error("no user ring buffer: the verifier passed a wrong map");
    return map.busy ? new NoLoop(-EBUSY) : new Drain(map, func, ctx, high(run, 3), flags);
  },
});
