import type { MapDef } from "@bpf-ts/uapi";

/** Where a map of an object comes from. */
export type MapOrigin = "legacy" | "btf" | "data" | "rodata" | "bss";

/**
 * One map of an object, before it is created. Plain and editable: change it, then load.
 */
export interface MapSpec extends MapDef {
  /** As the object declares it; programs and `map_trace` sections refer to the map by this name, also when it is reused from elsewhere. */
  readonly declaredName: string;
  readonly origin: MapOrigin;
  /** Type ids in the object's BTF, 0 for none. */
  keyTypeId: number;
  valueTypeId: number;
  /** Template of a map-in-map. */
  inner?: MapSpec;
  /** First value of a data section's map: its initial contents. */
  contents?: Uint8Array;
  /** `values = { … }`: what goes into a PROG_ARRAY's or map-in-map's slots after loading, by slot: names of programs or maps. */
  slots?: Map<number, string>;
  /** Use this map instead of creating one. The caller keeps ownership of the fd. */
  reuseFd?: number;
}
