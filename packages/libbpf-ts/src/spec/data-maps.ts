import type { Btf } from "@bpf-ts/btf";
import { BPF_F_MMAPABLE, BPF_F_RDONLY_PROG } from "@bpf-ts/uapi/map-flags";
import { BPF_MAP_TYPE_ARRAY } from "@bpf-ts/uapi/map-types";
import { type ElfSection, SHF_ALLOC, SHF_EXECINSTR, SHT_NOBITS, SHT_PROGBITS } from "../elf/reader.ts";
import { kernelName } from "./legacy-maps.ts";
import type { MapOrigin, MapSpec } from "./map-spec.ts";

/** A static variable's linkage in BTF: user space has no business with those alone. */
const BTF_VAR_STATIC = 0;

/** Which kind of global data a section holds, undefined if none. */
export function dataKind(section: ElfSection): MapOrigin | undefined {
  const is = (base: string): boolean => section.name === base || section.name.startsWith(`${base}.`);
  if ((section.flags & SHF_ALLOC) === 0 || (section.flags & SHF_EXECINSTR) !== 0) return undefined;
  if (section.type === SHT_PROGBITS && is(".data")) return "data";
  if (section.type === SHT_PROGBITS && is(".rodata")) return "rodata";
  if (section.type === SHT_NOBITS && is(".bss")) return "bss";
  return undefined;
}

/**
 * The map of a global data section: an array of one value, which is the section.
 *
 * @see v6.12 tools/lib/bpf/libbpf.c, bpf_object__init_internal_map
 */
export function dataMap(objectName: string, section: ElfSection, origin: MapOrigin, btf: Btf | undefined): MapSpec {
  const valueTypeId = btf?.findByName(section.name, "datasec") ?? 0;
  const contents = new Uint8Array(section.size);
  contents.set(section.data);
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
    contents,
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

/** Longest section name that still leaves room for a part of the object's. */
const MAX_SUFFIX = 7;
const MAX_NAME = 15;

/**
 * `<object>.<section>` within 15 characters: sections named by the standard keep their whole name, custom ones (`.data.foo`) give up the object's.
 */
function internalMapName(objectName: string, sectionName: string): string {
  const suffixLength = Math.max(MAX_SUFFIX, sectionName.length);
  const standard = sectionName.indexOf(".", 1) < 0;
  if (!standard) return kernelName(sectionName);
  const prefixLength = Math.min(Math.max(MAX_NAME - suffixLength, 0), objectName.length);
  return kernelName(`${objectName.slice(0, prefixLength)}${sectionName}`);
}
