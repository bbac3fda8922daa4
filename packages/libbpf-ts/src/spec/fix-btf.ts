import {
  BTF_FUNC_GLOBAL,
  BTF_FUNC_STATIC,
  BTF_INT_SIGNED,
  BTF_VAR_GLOBAL_ALLOCATED,
  BTF_VAR_STATIC,
  type Btf,
  type BtfDatasec,
  type BtfSecVar,
} from "@bpf-ts/btf";
import { STB_LOCAL, STT_FUNC, STT_SECTION, STV_HIDDEN, STV_INTERNAL } from "../elf/constants.ts";
import type { ElfFile, ElfSymbol } from "../elf/reader.ts";
import { BtfPatch } from "./btf-patch.ts";

/** Sections that exist in BTF only: what the object expects of the kernel. */
const KCONFIG = ".kconfig";
const KSYMS = ".ksyms";
/** libbpf's name for the variable that stands in for functions of the kernel, and for their parameters without names. */
const STAND_IN = "dummy_ksym";

/**
 * Turns a compiler's BTF into what a kernel takes: fills in the size of each data section and where in it each global variable lies, makes hidden
 * symbols static, and turns externs, which kernels refuse, into variables.
 *
 * @returns a copy of the BTF
 * @see v6.12 tools/lib/bpf/libbpf.c, btf_fixup_datasec, bpf_object__sanitize_and_load_btf, bpf_object__collect_externs
 */
export function fixBtf(btf: Btf, elf: ElfFile): Uint8Array {
  const patch = new BtfPatch(btf);
  const globals = new Map<string, ElfSymbol>();
  const hiddenFunctions = new Set<string>();
  for (const symbol of elf.symbols) {
    if (symbol.bind === STB_LOCAL || symbol.name === "" || symbol.type === STT_SECTION) continue;
    if (symbol.type === STT_FUNC) {
      if (isHidden(symbol)) hiddenFunctions.add(symbol.name);
    } else globals.set(symbol.name, symbol);
  }
  for (let id = btf.firstId; id < btf.typeCount; id++) {
    const kind = btf.kindOf(id);
    if (kind === "func" && hiddenFunctions.has(btf.nameOf(id)) && btf.vlenOf(id) === BTF_FUNC_GLOBAL)
      patch.setVlen(id, BTF_FUNC_STATIC);
    if (kind !== "datasec") continue;
    const section = btf.type(id) as BtfDatasec;
    if (section.name === KCONFIG) fixKconfig(btf, section, patch);
    else if (section.name === KSYMS) fixKsyms(btf, section, patch);
    else fixData(btf, section, elf, globals, patch);
  }
  return patch.toBytes();
}

function isHidden(symbol: ElfSymbol): boolean {
  return symbol.visibility === STV_HIDDEN || symbol.visibility === STV_INTERNAL;
}

/** Compilers know the offsets of static variables only; linkers, all and the size. */
function fixData(
  btf: Btf,
  section: BtfDatasec,
  elf: ElfFile,
  globals: ReadonlyMap<string, ElfSymbol>,
  patch: BtfPatch,
): void {
  const isUnplaced = section.size === 0;
  if (isUnplaced) patch.setSize(section.id, Math.min(elf.section(section.name)?.size ?? 0, 0xffffffff));
  const placed = section.vars.map((entry): BtfSecVar => {
    const variable = btf.type(entry.type);
    if (variable.kind !== "var" || variable.linkage !== BTF_VAR_GLOBAL_ALLOCATED) return entry;
    const symbol = globals.get(variable.name);
    if (symbol === undefined) return entry;
    if (isHidden(symbol)) patch.setWord(variable.id, 3, BTF_VAR_STATIC);
    return isUnplaced ? { ...entry, offset: Math.min(symbol.value, 0xffffffff) } : entry;
  });
  setVars(section, placed, patch);
}

/** Configuration values lie one behind the other. */
function fixKconfig(btf: Btf, section: BtfDatasec, patch: BtfPatch): void {
  let end = 0;
  const placed = section.vars.map((entry): BtfSecVar => {
    const align = btf.kindOf(entry.type) === "var" ? btf.alignOf(btf.sizeOrTypeOf(entry.type)) : 1;
    const offset = Math.ceil(end / align) * align;
    end = offset + entry.size;
    if (btf.kindOf(entry.type) === "var") patch.setWord(entry.type, 3, BTF_VAR_GLOBAL_ALLOCATED);
    return { ...entry, offset };
  });
  patch.setSize(section.id, end);
  setVars(section, placed, patch);
}

/** Kernel symbols become ints; functions among them are stood in for by a variable. */
function fixKsyms(btf: Btf, section: BtfDatasec, patch: BtfPatch): void {
  let int: number | undefined;
  const intId = (): number => (int ??= findInt(btf) ?? patch.addInt("int", 4, BTF_INT_SIGNED));
  let standIn: number | undefined;
  const placed = section.vars.map((entry, i): BtfSecVar => {
    const target = btf.type(entry.type);
    let { type } = entry;
    if (target.kind === "func") {
      patch.setVlen(target.id, BTF_FUNC_GLOBAL);
      standIn ??= patch.addVar(STAND_IN, intId(), BTF_VAR_GLOBAL_ALLOCATED);
      patch.nameParams(target.type, STAND_IN);
      type = standIn;
    } else if (target.kind === "var") {
      patch.setWord(target.id, 2, intId());
      patch.setWord(target.id, 3, BTF_VAR_GLOBAL_ALLOCATED);
    }
    return { type, offset: i * 4, size: 4 };
  });
  patch.setSize(section.id, placed.length * 4);
  setVars(section, placed, patch);
}

/** The first integer of 32 bits. */
function findInt(btf: Btf): number | undefined {
  for (let id = btf.firstId; id < btf.typeCount; id++) {
    const type = btf.kindOf(id) === "int" ? btf.type(id) : undefined;
    if (type?.kind === "int" && type.bits === 32) return id;
  }
  return undefined;
}

/** Kernels want them in order of their offsets. */
function setVars(section: BtfDatasec, vars: readonly BtfSecVar[], patch: BtfPatch): void {
  [...vars]
    .sort((a, b) => a.offset - b.offset)
    .forEach(({ type, offset, size }, i) => {
      patch.setWord(section.id, 3 + 3 * i, type);
      patch.setWord(section.id, 4 + 3 * i, offset);
      patch.setWord(section.id, 5 + 3 * i, size);
    });
}
