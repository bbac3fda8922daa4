import type { MapDef } from "@bpf-ts/uapi";

/** Where a map of an object comes from: `SEC("maps")`, `SEC(".maps")`, or a section of global data. */
export type MapOrigin = "legacy" | "btf" | "data" | "rodata" | "bss";

/**
 * One map of an object, before it is created. Plain and editable: change it, then load.
 */
export interface MapSpec extends MapDef {
  /**
   * As the object declares it (global data: the section's name). Programs and `map_trace` sections refer to the map by this name, also when it
   * is reused from elsewhere.
   */
  readonly declaredName: string;
  readonly origin: MapOrigin;
  /** Type ids in the object's BTF, 0 for none. */
  keyTypeId: number;
  valueTypeId: number;
  /** Template of a map-in-map. */
  inner?: MapSpec;
  /** Global data: what the map holds at first, `valueSize` bytes; zeros without it. */
  contents?: Uint8Array;
  /** `values = { … }`: what goes into a PROG_ARRAY's or map-in-map's slots after loading, by slot: names of programs or maps. */
  slots?: Map<number, string>;
  /** `LIBBPF_PIN_*`: 0, or 1 to share the map through the BPF file system. There is none here: set it to 0, and `reuseFd` to share. */
  pinning: number;
  /**
   * Create it with the object. Without, programs may mention the map in code that is never reached only; elsewhere the verifier refuses them.
   */
  autocreate: boolean;
  /** Use this map instead of creating one. The caller keeps ownership of the fd. */
  reuseFd?: number;
}
