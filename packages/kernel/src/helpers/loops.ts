import type { MapIterator } from "@bpf-ts/maps";
import { E2BIG, EINVAL, EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_MAX_LOOPS } from "@bpf-ts/uapi/helper-flags";
import type { CallbackLoop, Run } from "@bpf-ts/vm";
import { high } from "./args.ts";
import type { HelperFactory } from "./env.ts";
import { mapOf } from "./map-elem.ts";

/**
 * Helpers that call a function of the program again and again.
 *
 * @see v6.18 kernel/bpf/bpf_iter.c, bpf_loop, bpf_for_each_map_elem
 */

/** A loop that makes no call. */
export class NoLoop implements CallbackLoop {
  readonly result: number;

  constructor(result: number) {
    this.result = result;
  }

  next(): number {
    return 0;
  }
}

/** Arguments of the next call: 32-bit values, zero-extended; the caller's context, whole. */
export function setArgs(run: Run, values: readonly number[], ctxAt: number, ctxLo: number, ctxHi: number): void {
  const { memory, args } = run;
  for (let i = 0; i < 5; i++) {
    memory.setU32(args + 8 * i, i === ctxAt ? ctxLo : (values[i] ?? 0));
    memory.setU32(args + 8 * i + 4, i === ctxAt ? ctxHi : 0);
  }
}

class Repeat implements CallbackLoop {
  result = 0;
  readonly #times: number;
  readonly #func: number;
  readonly #ctxLo: number;
  readonly #ctxHi: number;

  constructor(times: number, func: number, ctxLo: number, ctxHi: number) {
    this.#times = times;
    this.#func = func;
    this.#ctxLo = ctxLo;
    this.#ctxHi = ctxHi;
  }

  next(run: Run, previousR0: number | undefined): number {
    if (previousR0 !== undefined) {
      this.result++;
      if (previousR0 !== 0) return 0;
    }
    if (this.result >= this.#times) return 0;
    setArgs(run, [this.result], 1, this.#ctxLo, this.#ctxHi);
    return this.#func;
  }
}

/** `bpf_loop`: -E2BIG beyond 8 Mi passes, else how many were made. */
export const loop: HelperFactory = () => ({
  name: "bpf_loop",
  callback: (run, times, func, ctx, flags) => {
    if (flags !== 0 || high(run, 4) !== 0) return new NoLoop(-EINVAL);
    if (times >>> 0 > BPF_MAX_LOOPS) return new NoLoop(-E2BIG);
    return new Repeat(times, func, ctx, high(run, 3));
  },
});

class ForEach implements CallbackLoop {
  result = 0;
  readonly #map: number;
  readonly #iterator: MapIterator;
  readonly #func: number;
  readonly #ctxLo: number;
  readonly #ctxHi: number;

  constructor(map: number, iterator: MapIterator, func: number, ctxLo: number, ctxHi: number) {
    this.#map = map;
    this.#iterator = iterator;
    this.#func = func;
    this.#ctxLo = ctxLo;
    this.#ctxHi = ctxHi;
  }

  next(run: Run, previousR0: number | undefined): number {
    const wantsMore = previousR0 === undefined || previousR0 === 0;
    if (!wantsMore || !this.#iterator.next()) {
      this.#iterator.close();
      return 0;
    }
    this.result++;
    setArgs(run, [this.#map, this.#iterator.key, this.#iterator.value], 3, this.#ctxLo, this.#ctxHi);
    return this.#func;
  }

  close(): void {
    this.#iterator.close();
  }
}

/** `bpf_for_each_map_elem`: how many elements were shown. */
export const forEachMapElem: HelperFactory = (k) => ({
  name: "bpf_for_each_map_elem",
  callback: (run, map, func, ctx, flags) => {
    if (flags !== 0 || high(run, 4) !== 0) return new NoLoop(-EINVAL);
    const iterator = mapOf(k, map).map.iterate({ cpu: run.cpu });
    return iterator === undefined ? new NoLoop(-EOPNOTSUPP) : new ForEach(map, iterator, func, ctx, high(run, 3));
  },
});
