import { BPF_CALL, BPF_DW, BPF_IMM, BPF_JMP, BPF_LD, decode, INSN_SIZE, type Insn } from "@bpf-ts/isa";
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC } from "@bpf-ts/uapi/pseudo";
import {
  type ElfFile,
  type ElfRelocation,
  type ElfSection,
  type ElfSymbol,
  SHF_EXECINSTR,
  SHN_UNDEF,
  SHT_PROGBITS,
  STB_LOCAL,
  STT_FUNC,
  STT_NOTYPE,
  STT_SECTION,
} from "../elf/reader.ts";
import { R_BPF_64_32, R_BPF_64_64 } from "../elf/relocation-types.ts";
import { LibbpfError } from "../error.ts";
import type { FunctionInfos } from "./function-infos.ts";
import type { FunctionSpec, Reference } from "./program-spec.ts";

/** A function of the object with what its symbol says. */
export interface ElfFunction {
  spec: FunctionSpec;
  isStatic: boolean;
  sectionIndex: number;
}

/** Names what a data or map symbol stands for. */
export interface SymbolTable {
  /** The map that lies at `offset` of a section of map definitions. */
  mapAt(sectionIndex: number, offset: number): string | undefined;
  /** The map of a global data section. */
  dataMap(sectionIndex: number): string | undefined;
}

interface Extent {
  name: string;
  start: number;
  end: number;
  isStatic: boolean;
}

const isLdImm64 = (insn: Insn): boolean => insn.code === (BPF_LD | BPF_IMM | BPF_DW);
const isCall = (insn: Insn): boolean => insn.code === (BPF_JMP | BPF_CALL) && insn.src === BPF_PSEUDO_CALL;

/** Whether a section holds programs or subprograms. */
export function isCodeSection(section: ElfSection): boolean {
  return section.type === SHT_PROGBITS && (section.flags & SHF_EXECINSTR) !== 0 && section.size > 0;
}

/**
 * Where the functions of a section begin and end, in bytes. Objects without function symbols hold one function a section, named by it.
 *
 * @throws LibbpfError ELF_INVALID
 */
function functionExtents(elf: ElfFile, section: ElfSection): Extent[] {
  const isFunction = (symbol: ElfSymbol): boolean =>
    symbol.sectionIndex === section.index && symbol.name !== "" && symbol.type === STT_FUNC;
  // Assembly without .type directives leaves global symbols untyped.
  const isUntyped = (symbol: ElfSymbol): boolean =>
    symbol.sectionIndex === section.index &&
    symbol.name !== "" &&
    symbol.type === STT_NOTYPE &&
    symbol.bind !== STB_LOCAL;
  let symbols = elf.symbols.filter(isFunction);
  if (symbols.length === 0) symbols = elf.symbols.filter(isUntyped);
  if (symbols.length === 0) {
    return [{ name: section.name.replace(/[^A-Za-z0-9_]/g, "_"), start: 0, end: section.size, isStatic: false }];
  }
  symbols.sort((a, b) => a.value - b.value);
  const starts = [...new Set(symbols.map((symbol) => symbol.value))];
  return symbols.map((symbol) => {
    const next = starts.find((start) => start > symbol.value) ?? section.size;
    const end = symbol.size > 0 ? symbol.value + symbol.size : next;
    if (symbol.value % INSN_SIZE !== 0 || end % INSN_SIZE !== 0 || end > section.size || end <= symbol.value) {
      throw new LibbpfError(
        "ELF_INVALID",
        `function ${symbol.name}: bytes ${symbol.value}..${end} of section ${section.name} (${section.size} bytes) are no whole instructions`,
      );
    }
    return { name: symbol.name, start: symbol.value, end, isStatic: symbol.bind === STB_LOCAL };
  });
}

/**
 * The functions of all code sections, with what their instructions refer to.
 *
 * @throws LibbpfError ELF_INVALID, RELOCATION_INVALID
 */
export function readFunctions(elf: ElfFile, symbols: SymbolTable, infos: FunctionInfos): ElfFunction[] {
  const sections = elf.sections.filter(isCodeSection);
  for (const section of sections) {
    if (section.size % INSN_SIZE !== 0) {
      throw new LibbpfError(
        "ELF_INVALID",
        `section ${section.name}: ${section.size} bytes are no multiple of ${INSN_SIZE}`,
      );
    }
  }
  const extents = new Map(sections.map((section) => [section.index, functionExtents(elf, section)]));
  const functionAt = (sectionIndex: number, offset: number): string | undefined =>
    extents.get(sectionIndex)?.find((extent) => extent.start === offset)?.name;

  return sections.flatMap((section) => {
    const relocations = new Map(elf.relocations(section).map((relocation) => [relocation.offset, relocation]));
    return extents.get(section.index)!.map((extent) => {
      const insns = section.data.slice(extent.start, extent.end);
      const references = readReferences({ section, extent, insns: decode(insns), relocations, symbols, functionAt });
      const info = infos.of(section.name, extent.start, extent.end);
      return {
        spec: { name: extent.name, section: section.name, insns, references, ...info },
        isStatic: extent.isStatic,
        sectionIndex: section.index,
      };
    });
  });
}

interface ReferenceInput {
  section: ElfSection;
  extent: Extent;
  insns: readonly Insn[];
  relocations: ReadonlyMap<number, ElfRelocation>;
  symbols: SymbolTable;
  functionAt(sectionIndex: number, offset: number): string | undefined;
}

function readReferences(input: ReferenceInput): Reference[] {
  const { extent, insns, relocations, section } = input;
  const references: Reference[] = [];
  for (let insn = 0; insn < insns.length; insn++) {
    const relocation = relocations.get(extent.start + insn * INSN_SIZE);
    const code = insns[insn]!;
    if (relocation !== undefined) {
      references.push(relocate(input, insn, code, relocation));
    } else if (isCall(code)) {
      // A call inside the section, resolved by the assembler: relative to the next slot.
      const target = extent.start + (insn + 1 + code.imm) * INSN_SIZE;
      references.push({ insn, kind: "call", name: functionName(input, insn, section.index, target), offset: 0 });
    } else if (isLdImm64(code) && code.src === BPF_PSEUDO_FUNC) {
      const target = extent.start + (insn + 1 + code.imm) * INSN_SIZE;
      references.push({ insn, kind: "function", name: functionName(input, insn, section.index, target), offset: 0 });
    }
    if (isLdImm64(code)) insn++;
  }
  return references;
}

function functionName(input: ReferenceInput, insn: number, sectionIndex: number, offset: number): string {
  const name = input.functionAt(sectionIndex, offset);
  if (name === undefined) {
    throw new LibbpfError(
      "RELOCATION_INVALID",
      `${input.extent.name}: instruction ${insn}: no function begins at offset ${offset} of its target section`,
    );
  }
  return name;
}

function relocate(input: ReferenceInput, insn: number, code: Insn, relocation: ElfRelocation): Reference {
  const { symbol } = relocation;
  const where = `${input.extent.name}: instruction ${insn}`;
  const bad = (what: string): LibbpfError =>
    new LibbpfError("RELOCATION_INVALID", `${where}: ${what}`, { details: { symbol: symbol.name } });
  const isSection = symbol.type === STT_SECTION;
  if (symbol.sectionIndex === SHN_UNDEF) {
    return {
      insn,
      kind: isCall(code) || code.code === (BPF_JMP | BPF_CALL) ? "call" : "map",
      name: symbol.name,
      offset: EXTERN,
    };
  }
  if (code.code === (BPF_JMP | BPF_CALL)) {
    if (relocation.type !== R_BPF_64_32)
      throw bad(`relocation type ${relocation.type} on a call, expected ${R_BPF_64_32}`);
    // Against a section, the immediate counts slots from its start, less one; against a function's symbol it carries nothing.
    const offset = isSection ? (code.imm + 1) * INSN_SIZE : symbol.value;
    return { insn, kind: "call", name: functionName(input, insn, symbol.sectionIndex, offset), offset: 0 };
  }
  if (!isLdImm64(code))
    throw bad(`relocation of opcode 0x${code.code.toString(16)}: only calls and ld_imm64 can be relocated`);
  if (relocation.type !== R_BPF_64_64)
    throw bad(`relocation type ${relocation.type} on an ld_imm64, expected ${R_BPF_64_64}`);
  const offset = symbol.value + (code.imm >>> 0);
  const map = input.symbols.mapAt(symbol.sectionIndex, isSection ? offset : symbol.value);
  if (map !== undefined) return { insn, kind: "map", name: map, offset: 0 };
  const data = input.symbols.dataMap(symbol.sectionIndex);
  if (data !== undefined) return { insn, kind: "map-value", name: data, offset };
  const target = input.functionAt(symbol.sectionIndex, offset);
  if (target !== undefined) return { insn, kind: "function", name: target, offset: 0 };
  throw bad(
    `symbol "${symbol.name}" (section ${symbol.sectionIndex}, offset ${offset}) is no map, no global data and no function`,
  );
}

/** The `offset` of a reference to a symbol that the object does not define. */
export const EXTERN = -1;
