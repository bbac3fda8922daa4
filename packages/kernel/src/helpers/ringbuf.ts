import { RingbufMap } from "@bpf-ts/maps";
import { UnsupportedError } from "@bpf-ts/uapi";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_RB_FORCE_WAKEUP, BPF_RB_NO_WAKEUP } from "@bpf-ts/uapi/helper-flags";
import { arg64, high, result64 } from "./args.ts";
import { checkDynptrSize, dynptrBase, setDynptr, setNullDynptr } from "./dynptr.ts";
import type { HelperEnv, HelperFactory, HelperRingRecords } from "./env.ts";
import { mapOf } from "./map-elem.ts";

/**
 * Producing records of a BPF_MAP_TYPE_RINGBUF.
 *
 * @see v6.18 kernel/bpf/ringbuf.c
 */

const WAKEUP_FLAGS = BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP;

function ringOf(k: HelperEnv, handle: number): RingbufMap {
  const { map } = mapOf(k, handle);
  if (!(map instanceof RingbufMap)) throw new Error("no ring buffer: the verifier passed a wrong map");
  return map;
}

function records(k: HelperEnv, name: string): HelperRingRecords {
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
      return reserved.reserve(ringOf(k, map), size >>> 0);
    },
  };
};

function committer(name: string, discard: boolean): HelperFactory {
  return (k) => {
    const reserved = records(k, name);
    return {
      name,
      run: (_run, sample, flags) => {
        reserved.commit(sample, flags, discard);
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

/** `bpf_ringbuf_reserve_dynptr`: a record whose size need not be a constant. What fails leaves the null dynptr, which is to be released all the same. */
export const ringbufReserveDynptr: HelperFactory = (k) => {
  const reserved = records(k, "bpf_ringbuf_reserve_dynptr");
  return {
    name: "bpf_ringbuf_reserve_dynptr",
    wide: "args",
    run: (run, map, size, flags, dynptr) => {
      setNullDynptr(k.memory, dynptr);
      if (flags !== 0 || high(run, 3) !== 0) return -EINVAL;
      const error = checkDynptrSize(size);
      if (error !== 0) return error;
      const sample = reserved.reserve(ringOf(k, map), size >>> 0);
      if (sample === 0) return -EINVAL;
      setDynptr(k.memory, dynptr, "ringbuf", sample, size);
      return 0;
    },
  };
};

function dynptrCommitter(name: string, discard: boolean): HelperFactory {
  return (k) => {
    const reserved = records(k, name);
    return {
      name,
      run: (_run, dynptr, flags) => {
        const sample = dynptrBase(k.memory, dynptr);
        if (sample === 0) return 0;
        reserved.commit(sample, flags, discard);
        setNullDynptr(k.memory, dynptr);
        return 0;
      },
    };
  };
}

/** `bpf_ringbuf_submit_dynptr` */
export const ringbufSubmitDynptr: HelperFactory = dynptrCommitter("bpf_ringbuf_submit_dynptr", false);
/** `bpf_ringbuf_discard_dynptr` */
export const ringbufDiscardDynptr: HelperFactory = dynptrCommitter("bpf_ringbuf_discard_dynptr", true);
