import { type ElfFile, SHN_UNDEF } from "../elf/reader.ts";
import { LibbpfError } from "../error.ts";
import type { MapSpec } from "./map-spec.ts";
import type { ProgramSpec } from "./program-spec.ts";

const POINTER_SIZE = 8;

/**
 * Initial values of PROG_ARRAYs and map-in-maps: relocations of section `.maps` that lie in a map's `values` array name a program or a map.
 *
 * @throws LibbpfError RELOCATION_INVALID
 * @see v6.12 tools/lib/bpf/libbpf.c, bpf_object__collect_map_relos
 */
export function readSlots(
  elf: ElfFile,
  maps: readonly { map: MapSpec; offset: number; valuesOffset: number | undefined }[],
  programs: ReadonlyMap<string, ProgramSpec>,
): void {
  const section = elf.section(".maps");
  if (section === undefined) return;
  const mapNames = new Set(maps.map(({ map }) => map.declaredName));
  const ordered = [...maps].sort((a, b) => a.offset - b.offset);
  for (const { offset, symbol } of elf.relocations(section)) {
    const owner = ordered.findLast((candidate) => candidate.offset <= offset);
    if (owner?.valuesOffset === undefined || owner.map.slots === undefined) {
      throw new LibbpfError(
        "RELOCATION_INVALID",
        `section .maps: relocation at ${offset} (${symbol.name}) lies in no map's values`,
      );
    }
    const at = offset - owner.offset - owner.valuesOffset;
    if (at < 0 || at % POINTER_SIZE !== 0) {
      throw new LibbpfError(
        "RELOCATION_INVALID",
        `map ${owner.map.declaredName}: relocation at ${offset} is no slot of its values`,
      );
    }
    const known = owner.map.inner === undefined ? programs.has(symbol.name) : mapNames.has(symbol.name);
    if (symbol.sectionIndex === SHN_UNDEF || !known) {
      throw new LibbpfError(
        "RELOCATION_INVALID",
        `map ${owner.map.declaredName}: slot ${at / POINTER_SIZE}: "${symbol.name}" is no ${owner.map.inner === undefined ? "program" : "map"} of this object`,
      );
    }
    owner.map.slots.set(at / POINTER_SIZE, symbol.name);
  }
}
