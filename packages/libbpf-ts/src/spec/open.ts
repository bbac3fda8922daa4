import { Btf, BtfError, BtfExt } from "@bpf-ts/btf";
import type { ElfFile } from "../elf/reader.ts";
import { readElf } from "../elf/reader.ts";
import { LibbpfError } from "../error.ts";
import { type MemberName, valueTypes } from "../typed/value-types.ts";
import { readExterns } from "./externs.ts";
import { fixBtf } from "./fix-btf.ts";
import { type ElfFunction, readFunctions } from "./functions.ts";
import { ObjectMaps } from "./object-maps.ts";
import { ObjectSpec } from "./object-spec.ts";
import type { ExternKind, FunctionSpec } from "./program-spec.ts";
import { readPrograms } from "./programs.ts";
import { readSlots } from "./slots.ts";
import { readVariables } from "./variable-spec.ts";

/** How an object is read. */
export interface OpenOptions {
  /** Names the object, and the maps of its global data. `"object"` unless told otherwise. */
  name?: string;
  /**
   * Names of struct members in JavaScript values, from those in C. By default they are the same, as in what bpftool prints; `camelCase` makes
   * `doAllow` of `do_allow`.
   */
  memberName?: MemberName;
}

const utf8 = /* @__PURE__ */ new TextDecoder();

/**
 * Reads a BPF object file.
 *
 * @param file the ELF file; copied
 * @throws LibbpfError ELF_TRUNCATED, ELF_INVALID, BTF_INVALID, MAP_INVALID, RELOCATION_INVALID
 * @throws UnsupportedError big-endian objects, compressed sections, relocations with addends
 * @see v6.12 tools/lib/bpf/libbpf.c, bpf_object_open
 */
export function openObject(file: Uint8Array | ArrayBuffer, options: OpenOptions = {}): ObjectSpec {
  const name = options.name ?? "object";
  // Node's Buffer is a Uint8Array whose slice() shares memory: only a plain one, that nobody else changes, goes further.
  const elf = readElf(new Uint8Array(file).slice());
  const warnings: string[] = [];
  const warn = (text: string): void => {
    warnings.push(text);
  };
  const { btf, externs } = readBtf(elf, warn);
  const ext = btf === undefined ? undefined : readBtfExt(elf, btf, warn);
  const maps = new ObjectMaps(elf, btf, name, warn);
  const functions = readFunctions(elf, ext, {
    mapAt: (section, offset) => maps.mapAt(section, offset),
    dataMap: (section) => maps.dataMap(section),
    externs,
  });
  const programs = readPrograms(functions, btf);
  readSlots(elf, maps.btfMaps, programs);
  return new ObjectSpec({
    name,
    license: readCString(elf, "license"),
    kernVersion: readVersion(elf),
    btf,
    memberName: options.memberName,
    maps: maps.byName,
    variables: readVariables(elf, valueTypes(btf, options.memberName), maps.byName),
    programs,
    functions: functionsByName(functions),
    notLoadable: notLoadable(elf),
    warnings,
  });
}

/** An object's types, and what of them it only declares. */
interface ObjectBtf {
  /** As kernels take it; undefined if the object has none. */
  btf?: Btf;
  externs: ReadonlyMap<string, ExternKind>;
}

/** Where nothing but debugging depends on it, broken BTF is left out, as libbpf does. */
function readBtf(elf: ElfFile, warn: (text: string) => void): ObjectBtf {
  const section = elf.section(".BTF");
  if (section === undefined) return { externs: new Map() };
  try {
    const original = Btf.parse(section.data);
    return { btf: Btf.parse(fixBtf(original, elf)), externs: readExterns(original) };
  } catch (cause) {
    if (!(cause instanceof BtfError)) throw cause;
    const message = `section .BTF: ${cause.message}`;
    if ((elf.section(".maps")?.size ?? 0) > 0) throw new LibbpfError("BTF_INVALID", message, { cause });
    warn(`${message}: ignored`);
    return { externs: new Map() };
  }
}

function readBtfExt(elf: ElfFile, btf: Btf, warn: (text: string) => void): BtfExt | undefined {
  const section = elf.section(".BTF.ext");
  if (section === undefined) return undefined;
  try {
    const ext = BtfExt.parse(section.data, btf);
    if (!ext.littleEndian) throw new BtfError("BTF_EXT", "big-endian in a little-endian object");
    return ext;
  } catch (cause) {
    if (!(cause instanceof BtfError)) throw cause;
    warn(`section .BTF.ext: ${cause.message}: ignored`);
    return undefined;
  }
}

function functionsByName(functions: readonly ElfFunction[]): Map<string, FunctionSpec> {
  return new Map(functions.map(({ spec }) => [spec.name, spec]));
}

/** What an object holds that loading cannot do without, and cannot do. */
function notLoadable(elf: ElfFile): { feature: string; detail: string }[] {
  return elf.sections
    .filter(({ size }) => size > 0)
    .flatMap(({ name }) => {
      if (name === ".struct_ops" || name === ".struct_ops.link")
        return [{ feature: "struct_ops maps", detail: `section ${name}` }];
      return [];
    });
}

function readCString(elf: ElfFile, sectionName: string): string {
  const data = elf.section(sectionName)?.data;
  if (data === undefined) return "";
  const end = data.indexOf(0);
  return utf8.decode(end < 0 ? data : data.subarray(0, end));
}

function readVersion(elf: ElfFile): number {
  const data = elf.section("version")?.data;
  if (data === undefined) return 0;
  if (data.length !== 4) throw new LibbpfError("ELF_INVALID", `section version: ${data.length} bytes, must be 4`);
  return new DataView(data.buffer, data.byteOffset, 4).getUint32(0, true);
}
