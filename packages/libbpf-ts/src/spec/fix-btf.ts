import {
  BTF_FUNC_GLOBAL,
  BTF_FUNC_STATIC,
  BTF_VAR_GLOBAL_ALLOCATED,
  BTF_VAR_STATIC,
  type Btf,
  BtfBuilder,
  type BtfDatasec,
  type BtfSecVar,
} from "@bpf-ts/btf";
import { STB_LOCAL, STT_FUNC, STT_SECTION, STV_HIDDEN, STV_INTERNAL } from "../elf/constants.ts";
import type { ElfFile, ElfSymbol } from "../elf/reader.ts";

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
  const fixed = BtfBuilder.from(btf, { littleEndian: true });
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
      setLinkage(fixed, id, BTF_FUNC_STATIC);
    if (kind !== "datasec") continue;
    const section = btf.type(id) as BtfDatasec;
    if (section.name === KCONFIG) fixKconfig(section, fixed);
    else if (section.name === KSYMS) fixKsyms(section, fixed);
    else fixData(section, elf, globals, fixed);
  }
  return fixed.encode();
}

function isHidden(symbol: ElfSymbol): boolean {
  return symbol.visibility === STV_HIDDEN || symbol.visibility === STV_INTERNAL;
}

/** Changes the linkage of a function or variable. */
function setLinkage(fixed: BtfBuilder, id: number, linkage: number): void {
  const spec = fixed.spec(id);
  if (spec.kind === "func" || spec.kind === "var") fixed.define(id, { ...spec, linkage });
}

/** Compilers know the offsets of static variables only; linkers, all and the size. */
function fixData(section: BtfDatasec, elf: ElfFile, globals: ReadonlyMap<string, ElfSymbol>, fixed: BtfBuilder): void {
  const isUnplaced = section.size === 0;
  const size = isUnplaced ? Math.min(elf.section(section.name)?.size ?? 0, 0xffffffff) : section.size;
  const placed = section.vars.map((entry): BtfSecVar => {
    const variable = fixed.spec(entry.type);
    if (variable.kind !== "var" || variable.linkage !== BTF_VAR_GLOBAL_ALLOCATED) return entry;
    const symbol = globals.get(variable.name);
    if (symbol === undefined) return entry;
    if (isHidden(symbol)) setLinkage(fixed, entry.type, BTF_VAR_STATIC);
    return isUnplaced ? { ...entry, offset: Math.min(symbol.value, 0xffffffff) } : entry;
  });
  place(section, size, placed, fixed);
}

/** Configuration values lie one behind the other. */
function fixKconfig(section: BtfDatasec, fixed: BtfBuilder): void {
  let end = 0;
  const placed = section.vars.map((entry): BtfSecVar => {
    const variable = fixed.spec(entry.type);
    const align = variable.kind === "var" ? fixed.alignOf(variable.type) : 1;
    const offset = Math.ceil(end / align) * align;
    end = offset + entry.size;
    if (variable.kind === "var") setLinkage(fixed, entry.type, BTF_VAR_GLOBAL_ALLOCATED);
    return { ...entry, offset };
  });
  place(section, end, placed, fixed);
}

/** Kernel symbols become ints; functions among them are stood in for by a variable. */
function fixKsyms(section: BtfDatasec, fixed: BtfBuilder): void {
  let int: number | undefined;
  const intId = (): number => (int ??= findInt(fixed) ?? fixed.addInt("int", 4, { signed: true }));
  let standIn: number | undefined;
  const placed = section.vars.map((entry, i): BtfSecVar => {
    const target = fixed.spec(entry.type);
    let { type } = entry;
    if (target.kind === "func") {
      setLinkage(fixed, entry.type, BTF_FUNC_GLOBAL);
      standIn ??= fixed.addVar(STAND_IN, intId());
      nameParams(fixed, target.type);
      type = standIn;
    } else if (target.kind === "var") {
      fixed.define(entry.type, { ...target, type: intId(), linkage: BTF_VAR_GLOBAL_ALLOCATED });
    }
    return { type, offset: i * 4, size: 4 };
  });
  place(section, placed.length * 4, placed, fixed);
}

/** Kernels refuse parameters without names. */
function nameParams(fixed: BtfBuilder, protoId: number): void {
  const proto = fixed.spec(protoId);
  if (proto.kind !== "func_proto") return;
  const params = proto.params.map((p) => (p.name === "" && p.type !== 0 ? { ...p, name: STAND_IN } : p));
  fixed.define(protoId, { ...proto, params });
}

/** The first integer of 32 bits. */
function findInt(fixed: BtfBuilder): number | undefined {
  for (let id = fixed.firstId; id < fixed.typeCount; id++) {
    const type = fixed.kindOf(id) === "int" ? fixed.spec(id) : undefined;
    if (type?.kind === "int" && (type.bits ?? type.size * 8) === 32) return id;
  }
  return undefined;
}

/** Kernels want variables in order of their offsets. */
function place(section: BtfDatasec, size: number, vars: readonly BtfSecVar[], fixed: BtfBuilder): void {
  fixed.define(section.id, { ...section, size, vars: [...vars].sort((a, b) => a.offset - b.offset) });
}
