import type { BpfObjectKind } from "@bpf-ts/uapi";
import type { BtfObject } from "./btf-object.ts";
import { IdTable } from "./id-table.ts";
import type { LinkObject } from "./link-object.ts";
import type { MapObject } from "./map-object.ts";
import type { ProgObject } from "./prog-object.ts";

/** Every live object of a kernel, by id. */
export class ObjectTables {
  readonly map: IdTable<MapObject> = new IdTable();
  readonly prog: IdTable<ProgObject> = new IdTable();
  readonly link: IdTable<LinkObject> = new IdTable();
  readonly btf: IdTable<BtfObject> = new IdTable();
  readonly #mapsByHandle = new Map<number, MapObject>();

  addMap(map: MapObject): void {
    map.map.id = this.map.allocate(map);
    this.#mapsByHandle.set(map.handle, map);
  }

  /** Its id is free; programs that run may still hold it. */
  removeMap(map: MapObject): void {
    this.map.release(map.id);
  }

  /** It is about to be freed. */
  forgetMap(map: MapObject): void {
    this.#mapsByHandle.delete(map.handle);
  }

  /** @param handle address of the map's header, unsigned */
  mapByHandle(handle: number): MapObject | undefined {
    return this.#mapsByHandle.get(handle);
  }

  table(kind: BpfObjectKind): IdTable<MapObject | ProgObject | LinkObject | BtfObject> {
    return this[kind];
  }

  /** What is alive, for leak checks: `map 3 (name)`, `program 1 (…)`. The kernel's own BTF does not count. */
  describeLive(): string[] {
    return [...this.link.values(), ...this.prog.values(), ...this.map.values(), ...this.btf.values()]
      .filter((object) => !("isKernel" in object && object.isKernel))
      .map((object) => `${object.describe()}, ${object.refs} reference(s)`);
  }
}
