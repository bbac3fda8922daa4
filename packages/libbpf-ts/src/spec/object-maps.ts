import { type Btf, BtfError } from "@bpf-ts/btf";
import type { ElfFile } from "../elf/reader.ts";
import { LibbpfError } from "../error.ts";
import { type BtfMapDef, readBtfMaps } from "./btf-maps.ts";
import { dataKind, dataMap } from "./data-maps.ts";
import { isLegacyMapSection, readLegacyMaps } from "./legacy-maps.ts";
import type { MapSpec } from "./map-spec.ts";

/** The maps of an object, and where in the file each of them lies. */
export class ObjectMaps {
  /** In order of declaration: legacy, BTF-defined, global data. */
  readonly byName: Map<string, MapSpec> = new Map();
  readonly btfMaps: readonly BtfMapDef[];
  readonly #definitions = new Map<string, string>();
  readonly #data = new Map<number, string>();

  /**
   * @param warn is told what was ignored
   * @throws LibbpfError MAP_INVALID
   */
  constructor(elf: ElfFile, btf: Btf | undefined, objectName: string, warn: (text: string) => void) {
    for (const section of elf.sections.filter(isLegacyMapSection))
      for (const { map, offset } of readLegacyMaps(elf, section, btf, warn)) this.#define(section.index, offset, map);

    const definitions = elf.section(".maps");
    this.btfMaps = definitions === undefined ? [] : btfMapsOf(btf, definitions.size);
    for (const { map, offset } of this.btfMaps) this.#define(definitions!.index, offset, map);

    for (const section of elf.sections) {
      const origin = dataKind(section);
      if (origin === undefined) continue;
      const map = dataMap(objectName, section, origin, btf);
      this.#add(map);
      this.#data.set(section.index, map.declaredName);
      if (elf.isRelocated(section))
        warn(
          `section ${section.name}: addresses in global data are not filled in: they stay as the compiler left them`,
        );
    }
  }

  #add(map: MapSpec): void {
    if (this.byName.has(map.declaredName))
      throw new LibbpfError("MAP_INVALID", `map ${map.declaredName} is defined twice`);
    this.byName.set(map.declaredName, map);
  }

  #define(sectionIndex: number, offset: number, map: MapSpec): void {
    this.#add(map);
    this.#definitions.set(`${sectionIndex}:${offset}`, map.declaredName);
  }

  /** The map whose definition begins at `offset` of a section. */
  mapAt(sectionIndex: number, offset: number): string | undefined {
    return this.#definitions.get(`${sectionIndex}:${offset}`);
  }

  /** The map of a section of global data. */
  dataMap(sectionIndex: number): string | undefined {
    return this.#data.get(sectionIndex);
  }
}

function btfMapsOf(btf: Btf | undefined, size: number): BtfMapDef[] {
  if (size === 0) return [];
  if (btf === undefined)
    throw new LibbpfError("MAP_INVALID", "section .maps: the object has no BTF to describe it (compile with -g)");
  try {
    return readBtfMaps(btf, size);
  } catch (cause) {
    if (!(cause instanceof BtfError)) throw cause;
    throw new LibbpfError("MAP_INVALID", `section .maps: ${cause.message}`, { cause });
  }
}
