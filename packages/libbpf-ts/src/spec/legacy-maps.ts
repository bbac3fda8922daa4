import type { Btf } from "@bpf-ts/btf";
import { BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS } from "@bpf-ts/uapi/map-types";
import { STT_SECTION } from "../elf/constants.ts";
import type { ElfFile, ElfSection } from "../elf/reader.ts";
import { LibbpfError } from "../error.ts";
import type { MapSpec } from "./map-spec.ts";
import { kernelName } from "./names.ts";

/** A legacy map, and where its definition lies. */
export interface LegacyMapDef {
  map: MapSpec;
  /** Bytes from the start of its section. */
  offset: number;
}

/** Type, key size, value size, max_entries: what every layout of `struct bpf_map_def` has. */
const MIN_WORDS = 4;
/** The fifth word is map_flags. */
const KNOWN_WORDS = 5;
/** `struct bpf_map_def` of the kernel's old samples: also inner_map_idx, numa_node. @see v5.4 samples/bpf/bpf_load.h */
const SAMPLES_WORDS = 7;
/** iproute2's `struct bpf_elf_map`: also id, pinning, inner_id, inner_idx. @see iproute2 include/bpf_elf.h */
const IPROUTE2_WORDS = 9;

/** Whether a section holds legacy map definitions. */
export function isLegacyMapSection(section: ElfSection): boolean {
  return section.name === "maps" || section.name.startsWith("maps/");
}

/**
 * Maps of `SEC("maps")`: a definition a symbol, from there to the next symbol. Several structures go by that section's name; the five words that
 * they share are read, and the template of map-in-map types where the length tells the layout. What else is not zero is warned of.
 *
 * @throws LibbpfError MAP_INVALID
 * @see v5.15 tools/lib/bpf/libbpf.c, bpf_object__init_user_maps
 */
export function readLegacyMaps(
  elf: ElfFile,
  section: ElfSection,
  btf: Btf | undefined,
  warn: (text: string) => void,
): LegacyMapDef[] {
  const symbols = elf
    .symbolsOf(section.index)
    .filter((symbol) => symbol.type !== STT_SECTION && symbol.name !== "")
    .sort((a, b) => a.value - b.value);
  if (symbols.length === 0) {
    if (section.size === 0) return [];
    throw new LibbpfError(
      "MAP_INVALID",
      `section ${section.name}: ${section.size} bytes and no symbol that names a map`,
    );
  }
  const definitions = symbols.map((symbol, i) => {
    const offset = symbol.value;
    const next = symbols[i + 1]?.value ?? section.size;
    // Compilers may leave gaps between variables; hand-written assembly may leave out their sizes.
    const end = Math.min(symbol.size > 0 ? offset + symbol.size : next, section.data.length);
    if (end - offset < MIN_WORDS * 4)
      throw new LibbpfError(
        "MAP_INVALID",
        `map ${symbol.name}: definition at bytes ${offset}..${end} of section ${section.name}: at least ${MIN_WORDS * 4} are needed`,
      );
    const view = new DataView(section.data.buffer, section.data.byteOffset + offset, (end - offset) & ~3);
    const words = Array.from({ length: view.byteLength / 4 }, (_, n) => view.getUint32(4 * n, true));
    return { offset, words, map: readDefinition(symbol.name, words, btf) };
  });
  const byId = new Map<number, MapSpec>();
  for (const { map, words } of definitions)
    if (words.length === IPROUTE2_WORDS && !byId.has(words[5]!)) byId.set(words[5]!, map);
  for (const { map, words } of definitions) {
    const inner = words.length === SAMPLES_WORDS ? definitions[words[5]!]?.map : byId.get(words[7] ?? 0);
    readTail(map, words, inner, warn);
  }
  return definitions.map(({ map, offset }) => ({ map, offset }));
}

function readDefinition(name: string, words: readonly number[], btf: Btf | undefined): MapSpec {
  const [type, keySize, valueSize, maxEntries, mapFlags] = words;
  return {
    declaredName: name,
    name: kernelName(name),
    origin: "legacy",
    type: type!,
    keySize: keySize!,
    valueSize: valueSize!,
    maxEntries: maxEntries!,
    mapFlags: mapFlags ?? 0,
    pinning: 0,
    autocreate: true,
    ...annotatedTypes(name, keySize!, valueSize!, btf),
  };
}

/** What lies behind the words that all layouts share. */
function readTail(
  map: MapSpec,
  words: readonly number[],
  inner: MapSpec | undefined,
  warn: (text: string) => void,
): void {
  const isOuter = map.type === BPF_MAP_TYPE_ARRAY_OF_MAPS || map.type === BPF_MAP_TYPE_HASH_OF_MAPS;
  const understood = new Set<number>();
  if (isOuter && words.length === SAMPLES_WORDS) understood.add(5);
  // Maps that share an id are one in iproute2; inner_idx says which slot of the outer map the inner one is to go into.
  if (words.length === IPROUTE2_WORDS) understood.add(5);
  if (isOuter && words.length === IPROUTE2_WORDS) understood.add(7);
  if (
    isOuter &&
    (words.length === SAMPLES_WORDS || words.length === IPROUTE2_WORDS) &&
    inner !== map &&
    inner !== undefined
  )
    map.inner = { ...inner, name: kernelName(`${map.declaredName}.inner`) };
  const ignored = words.flatMap((word, n) => (n >= KNOWN_WORDS && word !== 0 && !understood.has(n) ? [n * 4] : []));
  if (ignored.length > 0)
    warn(
      `map ${map.declaredName}: its definition of ${words.length * 4} bytes is not zero at ${ignored.length === 1 ? "byte" : "bytes"} ${ignored.slice(0, 4).join(", ")}${ignored.length > 4 ? ", …" : ""}: ignored`,
    );
}

/**
 * Types of a legacy map that `BPF_ANNOTATE_KV_PAIR` gave it: members of a struct `____btf_map_NAME`.
 *
 * @see v5.15 tools/lib/bpf/btf.c, btf__get_map_kv_tids
 */
function annotatedTypes(
  name: string,
  keySize: number,
  valueSize: number,
  btf: Btf | undefined,
): { keyTypeId: number; valueTypeId: number } {
  const none = { keyTypeId: 0, valueTypeId: 0 };
  const id = btf?.findByName(`____btf_map_${name}`, "struct");
  if (btf === undefined || id === undefined) return none;
  const struct = btf.type(id);
  if (struct.kind !== "struct" || struct.members.length < 2) return none;
  const [key, value] = struct.members;
  if (btf.sizeOf(key!.type) !== keySize || btf.sizeOf(value!.type) !== valueSize) return none;
  return { keyTypeId: key!.type, valueTypeId: value!.type };
}
