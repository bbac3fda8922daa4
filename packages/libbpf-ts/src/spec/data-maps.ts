import type { Btf } from "@bpf-ts/btf";
import { BTF_VAR_STATIC } from "@bpf-ts/btf";
import { BPF_F_MMAPABLE, BPF_F_RDONLY_PROG } from "@bpf-ts/uapi/map-flags";
import { BPF_MAP_TYPE_ARRAY } from "@bpf-ts/uapi/map-types";
import { SHF_EXECINSTR, SHT_NOBITS, SHT_PROGBITS } from "../elf/constants.ts";
import type { ElfSection } from "../elf/reader.ts";
import { LibbpfError } from "../error.ts";
import type { MapOrigin, MapSpec } from "./map-spec.ts";
import { kernelName, MAX_OBJECT_NAME } from "./names.ts";

/** Which kind of global data a section holds, undefined if none. */
export function dataKind(section: ElfSection): MapOrigin | undefined {
  const is = (base: string): boolean => section.name === base || section.name.startsWith(`${base}.`);
  if (section.size === 0 || (section.flags & SHF_EXECINSTR) !== 0) return undefined;
  if (section.type === SHT_PROGBITS && is(".data")) return "data";
  if (section.type === SHT_PROGBITS && is(".rodata")) return "rodata";
  if (section.type === SHT_NOBITS && is(".bss")) return "bss";
  return undefined;
}

/**
 * The map of a global data section: an array of one value, which is the section. User space may map it into memory if one of its variables is
 * visible outside of the object.
 *
 * @throws LibbpfError MAP_INVALID for sections that no map's value can hold
 * @see v6.12 tools/lib/bpf/libbpf.c, bpf_object__init_internal_map
 */
export function dataMap(objectName: string, section: ElfSection, origin: MapOrigin, btf: Btf | undefined): MapSpec {
  if (section.size > 0xffffffff)
    throw new LibbpfError(
      "MAP_INVALID",
      `section ${section.name}: ${section.size} bytes are more than a map's value can have (4294967295)`,
    );
  const valueTypeId = btf?.findByName(section.name, "datasec") ?? 0;
  return {
    declaredName: section.name,
    name: internalMapName(objectName, section.name),
    origin,
    type: BPF_MAP_TYPE_ARRAY,
    keySize: 4,
    valueSize: section.size,
    maxEntries: 1,
    mapFlags:
      (origin === "rodata" ? BPF_F_RDONLY_PROG : 0) |
      (btf !== undefined && hasGlobals(btf, valueTypeId) ? BPF_F_MMAPABLE : 0),
    keyTypeId: 0,
    valueTypeId,
    pinning: 0,
    autocreate: true,
    // Zeros need no bytes: a section of gigabytes costs its size when it is loaded.
    ...(origin === "bss" ? {} : { contents: section.data.slice() }),
  };
}

function hasGlobals(btf: Btf, datasecId: number): boolean {
  if (datasecId === 0) return false;
  const section = btf.type(datasecId);
  if (section.kind !== "datasec") return false;
  return section.vars.some(({ type }) => {
    const variable = btf.type(type);
    return variable.kind === "var" && variable.linkage !== BTF_VAR_STATIC;
  });
}

/** Characters that a section's name has at least, when it is decided how much of the object's name fits before it. */
const MIN_SUFFIX = 7;

/**
 * `<object>.<section>` within 15 characters: `.data`, `.bss` and `.rodata` keep their whole name, custom sections (`.data.foo`) have no part of the
 * object's.
 *
 * @see v6.12 tools/lib/bpf/libbpf.c, internal_map_name
 */
function internalMapName(objectName: string, sectionName: string): string {
  if (sectionName.indexOf(".", 1) >= 0) return kernelName(sectionName);
  const prefix = MAX_OBJECT_NAME - Math.max(MIN_SUFFIX, sectionName.length);
  return kernelName(`${objectName.slice(0, Math.max(prefix, 0))}${sectionName}`);
}
