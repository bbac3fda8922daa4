import { type ElfFile, type ElfSection, STT_SECTION } from "../elf/reader.ts";
import { LibbpfError } from "../error.ts";
import type { MapSpec } from "./map-spec.ts";

/** The five words of `struct bpf_map_def`. */
const BASE_SIZE = 20;

/** Whether a section holds legacy map definitions. */
export function isLegacyMapSection(section: ElfSection): boolean {
  return section.name === "maps" || section.name.startsWith("maps/");
}

/**
 * Maps of `SEC("maps")`: one `struct bpf_map_def` a symbol. Definitions may be longer than the five words that are known if the rest is zero.
 *
 * @throws LibbpfError MAP_INVALID
 * @see v5.15 tools/lib/bpf/libbpf.c, bpf_object__init_user_maps
 */
export function readLegacyMaps(elf: ElfFile, section: ElfSection): { symbolValue: number; map: MapSpec }[] {
  const symbols = elf.symbols.filter(
    (symbol) => symbol.sectionIndex === section.index && symbol.type !== STT_SECTION && symbol.name !== "",
  );
  if (symbols.length === 0) {
    if (section.size === 0) return [];
    throw new LibbpfError(
      "MAP_INVALID",
      `section ${section.name}: ${section.size} bytes and no symbol that names a map`,
    );
  }
  if (section.size % symbols.length !== 0) {
    throw new LibbpfError(
      "MAP_INVALID",
      `section ${section.name}: ${section.size} bytes do not divide among its ${symbols.length} maps: definitions must have one size`,
    );
  }
  const defSize = section.size / symbols.length;
  if (defSize < BASE_SIZE) {
    throw new LibbpfError(
      "MAP_INVALID",
      `section ${section.name}: map definitions of ${defSize} bytes, at least ${BASE_SIZE} are needed`,
    );
  }
  const view = new DataView(section.data.buffer, section.data.byteOffset, section.data.byteLength);
  return symbols
    .slice()
    .sort((a, b) => a.value - b.value)
    .map((symbol) => {
      const at = symbol.value;
      if (at + defSize > section.data.length) {
        throw new LibbpfError(
          "MAP_INVALID",
          `map ${symbol.name}: definition at ${at} lies outside section ${section.name} of ${section.size} bytes`,
        );
      }
      for (let i = BASE_SIZE; i < defSize; i++) {
        if (section.data[at + i] !== 0) {
          throw new LibbpfError(
            "MAP_INVALID",
            `map ${symbol.name}: byte ${i} of its definition is not zero: only the first ${BASE_SIZE} are known`,
          );
        }
      }
      const word = (n: number): number => view.getUint32(at + 4 * n, elf.littleEndian);
      const map: MapSpec = {
        declaredName: symbol.name,
        name: kernelName(symbol.name),
        origin: "legacy",
        type: word(0),
        keySize: word(1),
        valueSize: word(2),
        maxEntries: word(3),
        mapFlags: word(4),
        keyTypeId: 0,
        valueTypeId: 0,
      };
      return { symbolValue: at, map };
    });
}

/** BPF_OBJ_NAME_LEN, the terminating NUL included. */
const OBJ_NAME_LEN = 16;

/** A name as the kernel takes it: 15 characters at most, others than letters, digits, `_` and `.` replaced. */
export function kernelName(name: string): string {
  return name.slice(0, OBJ_NAME_LEN - 1).replace(/[^A-Za-z0-9_.]/g, "_");
}
