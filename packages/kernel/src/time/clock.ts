/**
 * Where a kernel's time comes from. Nanoseconds.
 */
export interface Clock {
  /** Since boot; never goes back. */
  monotonicNs(): bigint;
  /** Since 1970, international atomic time. */
  taiNs(): bigint;
}

/** 2024-01-01T00:00:37 TAI: where a deterministic kernel's wall clock starts. */
const EPOCH_TAI_NS = 1_704_067_237_000_000_000n;

/** A clock that only moves when it is told to, or by a fixed step at each reading. The same program sees the same times in every run. */
export class DeterministicClock implements Clock {
  #now: bigint;
  readonly #step: bigint;

  /** @param options.startNs time since boot at the first reading; @param options.stepNs what each reading adds */
  constructor(options: { startNs?: bigint; stepNs?: bigint } = {}) {
    this.#now = options.startNs ?? 1_000_000_000n;
    this.#step = options.stepNs ?? 1000n;
  }

  monotonicNs(): bigint {
    const now = this.#now;
    this.#now += this.#step;
    return now;
  }

  taiNs(): bigint {
    return EPOCH_TAI_NS + this.monotonicNs();
  }

  advance(ns: bigint): void {
    if (ns < 0n) throw new RangeError(`a monotonic clock cannot go back (by ${-ns} ns)`);
    this.#now += ns;
  }
}
