import { Btf } from "@bpf-ts/btf";
import { UnsupportedError } from "@bpf-ts/uapi";
import { BPF_F_SLEEPABLE, BPF_F_XDP_HAS_FRAGS } from "@bpf-ts/uapi/prog-flags";
import { type ElfFile, readElf, STT_SECTION } from "../elf/reader.ts";
import { LibbpfError } from "../error.ts";
import { matchSection } from "../sections/match.ts";
import { readBtfMaps } from "./btf-maps.ts";
import { dataKind, dataMap } from "./data-maps.ts";
import { fixDatasecs } from "./fix-datasecs.ts";
import { FunctionInfos } from "./function-infos.ts";
import { type ElfFunction, readFunctions } from "./functions.ts";
import { isLegacyMapSection, readLegacyMaps } from "./legacy-maps.ts";
import type { MapSpec } from "./map-spec.ts";
import { ObjectSpec } from "./object-spec.ts";
import type { FunctionSpec, ProgramSpec } from "./program-spec.ts";
import { readSlots } from "./slots.ts";

/** The section of code that is no program of its own. */
const TEXT = ".text";

/** How an object is read. */
export interface OpenOptions {
  /** Names the object, and the maps of its global data. `"object"` unless told otherwise. */
  name?: string;
}

/**
 * Reads a BPF object file.
 *
 * @param bytes the ELF file; kept, not copied: do not change it while the spec is in use
 * @throws LibbpfError ELF_TRUNCATED, ELF_INVALID, BTF_INVALID, MAP_INVALID, RELOCATION_INVALID
 * @throws UnsupportedError big-endian objects
 */
export function openObject(bytes: Uint8Array, options: OpenOptions = {}): ObjectSpec {
  const name = options.name ?? "object";
  // Node's Buffer is a Uint8Array whose slice() shares memory: only a plain one goes further.
  const elf = readElf(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (!elf.littleEndian) throw new UnsupportedError("big-endian objects");
  const btf = readBtf(elf);
  const maps = readMaps(elf, btf, name);
  const functions = readFunctions(elf, maps, FunctionInfos.read(elf, btf));
  const programs = readPrograms(functions);
  if (btf !== undefined) readSlots(elf, maps.btfMaps, programs);
  return new ObjectSpec({
    name,
    license: readCString(elf, "license"),
    kernVersion: readVersion(elf),
    btf: btf?.bytes,
    maps: maps.byName,
    programs,
    functions: uniqueFunctions(functions),
  });
}

function readBtf(elf: ElfFile): Btf | undefined {
  const section = elf.section(".BTF");
  if (section === undefined) return undefined;
  try {
    return Btf.parse(fixDatasecs(Btf.parse(section.data), elf));
  } catch (cause) {
    throw new LibbpfError("BTF_INVALID", `section .BTF: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** Maps of all origins, and where they lie. */
class ObjectMaps {
  readonly byName = new Map<string, MapSpec>();
  readonly btfMaps: { map: MapSpec; offset: number; valuesOffset: number | undefined }[] = [];
  readonly #definitions = new Map<string, string>();
  readonly #data = new Map<number, string>();

  add(map: MapSpec): void {
    if (this.byName.has(map.declaredName))
      throw new LibbpfError("MAP_INVALID", `map ${map.declaredName} is defined twice`);
    this.byName.set(map.declaredName, map);
  }

  define(sectionIndex: number, offset: number, map: MapSpec): void {
    this.add(map);
    this.#definitions.set(`${sectionIndex}:${offset}`, map.declaredName);
  }

  addData(sectionIndex: number, map: MapSpec): void {
    this.add(map);
    this.#data.set(sectionIndex, map.declaredName);
  }

  mapAt(sectionIndex: number, offset: number): string | undefined {
    return this.#definitions.get(`${sectionIndex}:${offset}`);
  }

  dataMap(sectionIndex: number): string | undefined {
    return this.#data.get(sectionIndex);
  }
}

function readMaps(elf: ElfFile, btf: Btf | undefined, objectName: string): ObjectMaps {
  const maps = new ObjectMaps();
  for (const section of elf.sections) {
    if (isLegacyMapSection(section)) {
      for (const { symbolValue, map } of readLegacyMaps(elf, section)) maps.define(section.index, symbolValue, map);
    }
  }
  const definitions = elf.section(".maps");
  if (definitions !== undefined && definitions.size > 0) {
    if (btf === undefined)
      throw new LibbpfError("MAP_INVALID", "section .maps: the object has no BTF to describe it (compile with -g)");
    for (const def of readBtfMaps(btf)) {
      maps.define(definitions.index, def.offset, def.map);
      maps.btfMaps.push(def);
    }
  }
  for (const section of elf.sections) {
    const origin = dataKind(section);
    if (origin === undefined || section.size === 0) continue;
    // Only sections that something refers to, or that BTF describes, become maps; compilers leave others behind.
    const named = elf.symbols.some(
      (symbol) => symbol.sectionIndex === section.index && (symbol.type === STT_SECTION || symbol.name !== ""),
    );
    if (named) maps.addData(section.index, dataMap(objectName, section, origin, btf));
  }
  return maps;
}

function readPrograms(functions: readonly ElfFunction[]): Map<string, ProgramSpec> {
  const programs = new Map<string, ProgramSpec>();
  const own = functions.filter(({ spec }) => spec.section !== TEXT);
  // An object whose only code is .text has programs there.
  const candidates = own.length > 0 ? own : functions;
  for (const { spec, isStatic } of candidates) {
    if (isStatic) continue;
    if (programs.has(spec.name)) throw new LibbpfError("ELF_INVALID", `program ${spec.name} is defined twice`);
    programs.set(spec.name, programOf(spec));
  }
  return programs;
}

function programOf(code: FunctionSpec): ProgramSpec {
  const optional = code.section.startsWith("?");
  const section = optional ? code.section.slice(1) : code.section;
  const match = matchSection(section);
  return {
    name: code.name,
    section,
    sectionDef: match?.def,
    progType: match?.def.progType ?? 0,
    attachType: match?.def.attachType ?? 0,
    attachTarget: match?.target ?? "",
    progFlags:
      (match?.def.sleepable === true ? BPF_F_SLEEPABLE : 0) | (match?.def.xdpFrags === true ? BPF_F_XDP_HAS_FRAGS : 0),
    autoload: !optional,
    autoattach: true,
    code,
  };
}

/** Static functions of different sections may share a name; callers then mean the one of their own section. */
function uniqueFunctions(functions: readonly ElfFunction[]): Map<string, FunctionSpec> {
  const byName = new Map<string, FunctionSpec>();
  for (const { spec } of functions) {
    if (byName.has(spec.name)) throw new LibbpfError("ELF_INVALID", `function ${spec.name} is defined twice`);
    byName.set(spec.name, spec);
  }
  return byName;
}

function readCString(elf: ElfFile, sectionName: string): string {
  const data = elf.section(sectionName)?.data;
  if (data === undefined) return "";
  const end = data.indexOf(0);
  return new TextDecoder().decode(end < 0 ? data : data.subarray(0, end));
}

function readVersion(elf: ElfFile): number {
  const data = elf.section("version")?.data;
  if (data === undefined) return 0;
  if (data.length !== 4) throw new LibbpfError("ELF_INVALID", `section version: ${data.length} bytes, must be 4`);
  return new DataView(data.buffer, data.byteOffset, 4).getUint32(0, elf.littleEndian);
}
