import { SHN_UNDEF } from "../elf/constants.ts";
import type { ElfFile } from "../elf/reader.ts";
import { LibbpfError } from "../error.ts";
import type { BtfMapDef } from "./btf-maps.ts";
import type { ProgramSpec } from "./program-spec.ts";

/** Bytes of a pointer in a BPF object. */
const POINTER_SIZE = 8;

/**
 * Initial values of PROG_ARRAYs and map-in-maps: relocations of section `.maps` that lie in a map's `values` array name a program or a map.
 *
 * @throws LibbpfError RELOCATION_INVALID
 * @see v6.12 tools/lib/bpf/libbpf.c, bpf_object__collect_map_relos
 */
export function readSlots(elf: ElfFile, maps: readonly BtfMapDef[], programs: ReadonlyMap<string, ProgramSpec>): void {
  const section = elf.section(".maps");
  if (section === undefined) return;
  const bad = (what: string): LibbpfError => new LibbpfError("RELOCATION_INVALID", what);
  const mapNames = new Set(maps.map(({ map }) => map.declaredName));
  const ordered = [...maps].sort((a, b) => a.offset - b.offset);
  for (const { offset, symbol } of elf.relocations(section)) {
    const owner = lastBefore(ordered, offset);
    if (owner === undefined || offset + POINTER_SIZE > owner.offset + owner.size)
      throw bad(`section .maps: relocation at ${offset} (${symbol.name}) lies in no map`);
    const { map, valuesOffset } = owner;
    const at = offset - owner.offset - (valuesOffset ?? 0);
    if (valuesOffset === undefined || map.slots === undefined || at < 0 || at % POINTER_SIZE !== 0)
      throw bad(`map ${map.declaredName}: relocation at ${offset} (${symbol.name}) is no slot of its values`);
    const slot = at / POINTER_SIZE;
    const isKnown = map.inner === undefined ? programs.has(symbol.name) : mapNames.has(symbol.name);
    if (symbol.sectionIndex === SHN_UNDEF || !isKnown)
      throw bad(
        `map ${map.declaredName}: slot ${slot}: "${symbol.name}" is no ${map.inner === undefined ? "program" : "map"} of this object`,
      );
    map.slots.set(slot, symbol.name);
  }
}

/** The last of the maps, sorted by offset, that begins at or before `offset`. */
function lastBefore(maps: readonly BtfMapDef[], offset: number): BtfMapDef | undefined {
  let low = 0;
  let high = maps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (maps[middle]!.offset <= offset) low = middle + 1;
    else high = middle;
  }
  return maps[low - 1];
}
