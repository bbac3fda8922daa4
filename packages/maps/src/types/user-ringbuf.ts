import { E2BIG, EAGAIN, EINVAL, ENODATA } from "@bpf-ts/uapi/errno";
import { round8 } from "../hash/check.ts";
import { makeMap } from "../make.ts";
import {
  checkRing,
  FORCE_WAKEUP,
  NO_WAKEUP,
  PAGE,
  RECORD_BUSY,
  RECORD_DISCARD,
  RECORD_HEADER,
  RingMap,
} from "../ring/ring.ts";
import type { MapType } from "./map-type.ts";

/** The largest dynptr, bytes. */
const DYNPTR_MAX = 0x00ff_ffff;

/** A sample that user space produced. */
export interface UserSample {
  readonly address: number;
  /** Bytes. */
  readonly size: number;
}

/**
 * `BPF_MAP_TYPE_USER_RINGBUF`: user space produces records in mapped pages, programs drain them. Whatever user space wrote is checked before use.
 *
 * @see v6.18 kernel/bpf/ringbuf.c, __bpf_user_ringbuf_peek
 */
export class UserRingbufMap extends RingMap {
  /** Set while a program drains: a second one gets -EBUSY. */
  busy = false;

  get ready(): boolean {
    return this.available < BigInt(this.def.maxEntries);
  }

  /** Everything but the consumer's position, which is the kernel's. */
  protected mayMapWritable(offset: number, _size: number): boolean {
    return offset >= PAGE;
  }

  /**
   * The next sample, or a negative errno: -ENODATA if there is none yet, -EAGAIN if it was discarded (and has been skipped), -EINVAL and -E2BIG if
   * user space wrote nonsense.
   */
  peekSample(): UserSample | number {
    const { memory } = this;
    const produced = memory.getU64(this.producer);
    if (produced % 8n !== 0n) return -EINVAL;
    const consumed = memory.getU64(this.consumer);
    if (consumed >= produced) return -ENODATA;
    const word = memory.getU32(this.data + Number(consumed & BigInt(this.mask)));
    const size = word & ~(RECORD_BUSY | RECORD_DISCARD);
    const total = round8(size + RECORD_HEADER);
    if (BigInt(total) > produced - consumed) return -EINVAL;
    if (total > this.def.maxEntries || size > DYNPTR_MAX) return -E2BIG;
    if ((word & RECORD_DISCARD) !== 0) {
      this.#consume(consumed, total);
      return -EAGAIN;
    }
    if (word >= RECORD_BUSY) return -ENODATA;
    const at = Number((consumed + BigInt(RECORD_HEADER)) & BigInt(this.mask));
    return { address: this.data + at, size };
  }

  /** The sample that {@link peekSample} gave has been read. */
  releaseSample(sample: UserSample): void {
    this.#consume(this.memory.getU64(this.consumer), round8(sample.size + RECORD_HEADER));
  }

  /** The end of a drain that looked at `samples` samples, its flags checked already: those who wait for room are told. */
  drained(samples: number, flags: number): void {
    if ((flags & FORCE_WAKEUP) !== 0 || (samples > 0 && (flags & NO_WAKEUP) === 0)) this.onWakeup?.();
  }

  #consume(consumed: bigint, length: number): void {
    this.memory.setU64(this.consumer, consumed + BigInt(length));
  }
}

/** `BPF_MAP_TYPE_USER_RINGBUF`. */
export const userRingbufType: MapType = {
  check: () => 0,
  create(table, def, options) {
    return checkRing(def) || makeMap(table, (own) => new UserRingbufMap(table, own, def, options));
  },
};
