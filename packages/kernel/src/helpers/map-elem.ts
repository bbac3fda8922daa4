import type { BpfMap } from "@bpf-ts/maps";
import { mapFlags } from "./args.ts";
import type { HelperEnv, HelperFactory, HelperMap } from "./env.ts";

/**
 * Element operations. The verifier has made sure that the map is one, that key and value lie in memory, and that the type has the operation.
 *
 * @see v6.18 kernel/bpf/helpers.c
 */

/** The map that a program passed. */
export function mapOf(k: HelperEnv, handle: number): HelperMap {
  const map = k.mapByHandle(handle >>> 0);
  if (map === undefined)
    throw new Error(`no map at 0x${(handle >>> 0).toString(16)}: the verifier passed a wrong pointer`);
  return map;
}

function bpfMap(k: HelperEnv, handle: number): BpfMap {
  return mapOf(k, handle).map;
}

/** `bpf_map_lookup_elem`: the value's address, 0 for none. */
export const mapLookupElem: HelperFactory = (k) => ({
  name: "bpf_map_lookup_elem",
  unsigned: true,
  run: (run, map, key) => bpfMap(k, map).lookup(key >>> 0, run.cpu),
});

/** `bpf_map_update_elem` */
export const mapUpdateElem: HelperFactory = (k) => ({
  name: "bpf_map_update_elem",
  wide: "args",
  run: (run, map, key, value, flags) =>
    k.mapWrites.update(mapOf(k, map), key >>> 0, value >>> 0, mapFlags(run, 4, flags), run.cpu),
});

/** `bpf_map_delete_elem` */
export const mapDeleteElem: HelperFactory = (k) => ({
  name: "bpf_map_delete_elem",
  run: (run, map, key) => k.mapWrites.delete(mapOf(k, map), key >>> 0, run.cpu),
});

/** `bpf_map_push_elem` */
export const mapPushElem: HelperFactory = (k) => ({
  name: "bpf_map_push_elem",
  wide: "args",
  run: (run, map, value, flags) => bpfMap(k, map).push(value >>> 0, mapFlags(run, 3, flags)),
});

/** `bpf_map_pop_elem` */
export const mapPopElem: HelperFactory = (k) => ({
  name: "bpf_map_pop_elem",
  run: (_run, map, value) => bpfMap(k, map).pop(value >>> 0),
});

/** `bpf_map_peek_elem` */
export const mapPeekElem: HelperFactory = (k) => ({
  name: "bpf_map_peek_elem",
  run: (_run, map, value) => bpfMap(k, map).peek(value >>> 0),
});

/** `bpf_map_lookup_percpu_elem`: 0 for a CPU that there is not, too. */
export const mapLookupPercpuElem: HelperFactory = (k) => ({
  name: "bpf_map_lookup_percpu_elem",
  unsigned: true,
  run: (_run, map, key, cpu) => bpfMap(k, map).lookupPercpu(key >>> 0, cpu >>> 0),
});
