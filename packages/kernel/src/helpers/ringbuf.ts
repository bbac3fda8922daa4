import { RingbufMap } from "@bpf-ts/maps";
import { UnsupportedError } from "@bpf-ts/uapi";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { arg64, high, result64 } from "./args.ts";
import type { HelperEnv, HelperFactory } from "./env.ts";
import { mapOf } from "./map-elem.ts";

/**
 * Producing records of a BPF_MAP_TYPE_RINGBUF.
 *
 * @see v6.18 kernel/bpf/ringbuf.c
 */

/** BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP */
const WAKEUP_FLAGS = 3;

function ringOf(k: HelperEnv, handle: number): RingbufMap {
  const { map } = mapOf(k, handle);
  if (!(map instanceof RingbufMap)) throw new Error("no ring buffer: the verifier passed a wrong map");
  return map;
}

function records(k: HelperEnv, name: string): Map<number, RingbufMap> {
  if (k.ringRecords === undefined) throw new UnsupportedError(`helper ${name}`);
  return k.ringRecords;
}

/** `bpf_ringbuf_output`: 0, -EAGAIN where there is no room. */
export const ringbufOutput: HelperFactory = (k) => ({
  name: "bpf_ringbuf_output",
  wide: "args",
  run: (run, map, data, size, flags) => {
    if ((flags & ~WAKEUP_FLAGS) !== 0 || high(run, 4) !== 0) return -EINVAL;
    return ringOf(k, map).output(data >>> 0, size >>> 0, flags);
  },
});

/** `bpf_ringbuf_reserve`: the sample's address, 0 where there is no room or a flag is set. */
export const ringbufReserve: HelperFactory = (k) => {
  const reserved = records(k, "bpf_ringbuf_reserve");
  return {
    name: "bpf_ringbuf_reserve",
    wide: "args",
    unsigned: true,
    run: (run, map, size, flags) => {
      if (flags !== 0 || high(run, 3) !== 0 || high(run, 2) !== 0) return 0;
      const ring = ringOf(k, map);
      const sample = ring.reserve(size >>> 0);
      if (sample !== 0) reserved.set(sample >>> 0, ring);
      return sample;
    },
  };
};

function committer(name: string, discard: boolean): HelperFactory {
  return (k) => {
    const reserved = records(k, name);
    return {
      name,
      run: (_run, sample, flags) => {
        const address = sample >>> 0;
        const ring = reserved.get(address);
        if (ring === undefined) throw new Error("no reserved record: the verifier passed a wrong pointer");
        reserved.delete(address);
        ring.commit(address, flags, discard);
        return 0;
      },
    };
  };
}

/** `bpf_ringbuf_submit` */
export const ringbufSubmit: HelperFactory = committer("bpf_ringbuf_submit", false);
/** `bpf_ringbuf_discard` */
export const ringbufDiscard: HelperFactory = committer("bpf_ringbuf_discard", true);

/** `bpf_ringbuf_query`: 0 for what it does not know. */
export const ringbufQuery: HelperFactory = (k) => ({
  name: "bpf_ringbuf_query",
  wide: true,
  run: (run, map) => result64(run, ringOf(k, map).query(Number(arg64(run, 2)))),
});
