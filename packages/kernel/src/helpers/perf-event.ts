import { FdArrayMap } from "@bpf-ts/maps";
import { UnsupportedError } from "@bpf-ts/uapi";
import { E2BIG, EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import { high } from "./args.ts";
import type { HelperFactory } from "./env.ts";
import { mapOf } from "./map-elem.ts";

/** BPF_F_CURRENT_CPU, which is also BPF_F_INDEX_MASK: all of the low half. */
const CURRENT_CPU = 0xffff_ffff;

/**
 * `bpf_perf_event_output`: a raw sample to the perf event in element `flags` of the map, or of this CPU.
 *
 * @see v6.18 kernel/trace/bpf_trace.c, bpf_perf_event_output
 */
export const perfEventOutput: HelperFactory = (k) => {
  const output = k.perfOutput?.bind(k);
  if (output === undefined) throw new UnsupportedError("helper bpf_perf_event_output");
  return {
    name: "bpf_perf_event_output",
    wide: "args",
    run: (run, _ctx, handle, flags, data, size) => {
      const { map } = mapOf(k, handle);
      if (!(map instanceof FdArrayMap)) throw new Error("no array of perf events: the verifier passed a wrong map");
      if (high(run, 3) !== 0) return -EINVAL;
      const index = flags >>> 0 === CURRENT_CPU ? run.cpu : flags >>> 0;
      if (index >= map.def.maxEntries) return -E2BIG;
      const entry = map.entry(index);
      if (entry === undefined) return -ENOENT;
      const start = data >>> 0;
      return output(entry.object, run.cpu, k.memory.u8.slice(start, start + (size >>> 0)));
    },
  };
};
