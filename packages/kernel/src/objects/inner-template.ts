import type { Btf } from "@bpf-ts/btf";
import type { MapDef } from "@bpf-ts/uapi";
import type { VerifierMap } from "@bpf-ts/verifier";
import type { BtfObject } from "./btf-object.ts";
import type { MapObject } from "./map-object.ts";

/**
 * What a map of maps keeps of the map that it was made with, which may be gone soon: its definition and its types.
 *
 * @see v6.18 kernel/bpf/map_in_map.c, bpf_map_meta_alloc
 */
export class InnerTemplate implements VerifierMap {
  readonly def: MapDef;
  readonly id: number;
  readonly handle: number;
  readonly name: string;
  readonly frozen = false;
  readonly keyTypeId: number;
  readonly valueTypeId: number;
  readonly #types: BtfObject | undefined;

  /** Takes a reference to the map's BTF, not to the map. */
  constructor(map: MapObject) {
    this.def = map.def;
    this.id = map.id;
    this.handle = map.handle;
    this.name = map.name;
    this.keyTypeId = map.keyTypeId;
    this.valueTypeId = map.valueTypeId;
    this.#types = map.types?.object;
    this.#types?.getRef();
  }

  get btf(): Btf | undefined {
    return this.#types?.btf;
  }

  release(): void {
    this.#types?.putRef();
  }
}
