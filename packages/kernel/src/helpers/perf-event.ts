import { FdArrayMap } from "@bpf-ts/maps";
import { UnsupportedError } from "@bpf-ts/uapi";
import { E2BIG, EFAULT, EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import { high } from "./args.ts";
import type { HelperFactory } from "./env.ts";
import { mapOf } from "./map-elem.ts";

/** BPF_F_CURRENT_CPU, which is also BPF_F_INDEX_MASK: all of the low half. */
const CURRENT_CPU = 0xffff_ffff;
/** BPF_F_CTXLEN_MASK, of the high half: bytes of the packet that go with the sample. */
const PACKET_MASK = 0xf_ffff;

/**
 * `bpf_perf_event_output`: a raw sample to the perf event in element `flags` of the map, or of this CPU; behind the sample, as much of the packet as
 * the flags say, for programs that have one.
 *
 * @see v6.18 kernel/trace/bpf_trace.c, bpf_perf_event_output, bpf_event_output; net/core/filter.c, bpf_skb_event_output, bpf_xdp_event_output
 */
export const perfEventOutput: HelperFactory = (k) => {
  const output = k.perfOutput?.bind(k);
  if (output === undefined) throw new UnsupportedError("helper bpf_perf_event_output");
  return {
    name: "bpf_perf_event_output",
    wide: "args",
    run: (run, ctx, handle, flags, data, size) => {
      const { map } = mapOf(k, handle);
      if (!(map instanceof FdArrayMap)) throw new Error("no array of perf events: the verifier passed a wrong map");
      const more = high(run, 3);
      if ((more & ~(k.packet === undefined ? 0 : PACKET_MASK)) !== 0) return -EINVAL;
      const packet = more === 0 ? undefined : k.packet?.(ctx);
      if (packet !== undefined && more > packet.size) return -EFAULT;
      const index = flags >>> 0 === CURRENT_CPU ? run.cpu : flags >>> 0;
      if (index >= map.def.maxEntries) return -E2BIG;
      const entry = map.entry(index);
      if (entry === undefined) return -ENOENT;
      const sample = new Uint8Array((size >>> 0) + more);
      sample.set(k.memory.u8.subarray(data >>> 0, (data >>> 0) + (size >>> 0)));
      if (packet !== undefined) sample.set(k.memory.u8.subarray(packet.address, packet.address + more), size >>> 0);
      return output(entry.object, run.cpu, sample);
    },
  };
};
