import { BPF_CALL, BPF_DW, BPF_IMM, BPF_JMP, BPF_LD, INSN_SIZE, type Insn } from "@bpf-ts/isa";
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC } from "@bpf-ts/uapi/pseudo";
import { SHN_COMMON, SHN_LORESERVE, SHN_UNDEF, SHN_XINDEX, STB_WEAK, STT_SECTION } from "../elf/constants.ts";
import type { ElfRelocation, ElfSection, ElfSymbol } from "../elf/reader.ts";
import { LibbpfError } from "../error.ts";
import type { ExternKind, Reference } from "./program-spec.ts";

/** Names of what lies where in the object. */
export interface Landmarks {
  /** The map whose definition begins at `offset` of a section. */
  mapAt(sectionIndex: number, offset: number): string | undefined;
  /** The map of a section of global data. */
  dataMap(sectionIndex: number): string | undefined;
  /** The function that begins at `offset` of a section. */
  functionAt(sectionIndex: number, offset: number): string | undefined;
  sectionName(sectionIndex: number): string;
  /** What undefined symbols stand for. */
  readonly externs: ReadonlyMap<string, ExternKind>;
}

/** One function's code as it is in the file. */
export interface Code {
  name: string;
  section: ElfSection;
  /** Bytes from the section's start. */
  start: number;
  insns: readonly Insn[];
}

/** The section of global data in address space 1. */
const ARENA = ".addr_space.1";

const isLdImm64 = (insn: Insn): boolean => insn.code === (BPF_LD | BPF_IMM | BPF_DW);
const isCall = (insn: Insn): boolean => insn.code === (BPF_JMP | BPF_CALL);

/**
 * What the instructions of a function refer to: by relocations, or, within a section, by distance alone.
 *
 * @param relocations of the function's instructions, by byte offset in the section
 * @throws LibbpfError RELOCATION_INVALID
 * @see v6.12 tools/lib/bpf/libbpf.c, bpf_program__record_reloc, bpf_object__reloc_code
 */
export function readReferences(
  code: Code,
  relocations: ReadonlyMap<number, ElfRelocation>,
  landmarks: Landmarks,
): Reference[] {
  const { insns, section, start } = code;
  const references: Reference[] = [];
  for (let insn = 0; insn < insns.length; insn++) {
    const offset = start + insn * INSN_SIZE;
    const relocation = relocations.get(offset);
    const slot = insns[insn]!;
    const where = `${code.name}: instruction ${insn}`;
    const functionAt = (sectionIndex: number, target: number): string => {
      const name = landmarks.functionAt(sectionIndex, target);
      if (name !== undefined) return name;
      throw new LibbpfError(
        "RELOCATION_INVALID",
        `${where}: no function begins at byte ${target} of section ${landmarks.sectionName(sectionIndex)}`,
      );
    };
    const isCut = isLdImm64(slot) && insn + 1 === insns.length;
    if (isCut && (relocation !== undefined || slot.src === BPF_PSEUDO_FUNC))
      throw new LibbpfError("RELOCATION_INVALID", `${where}: ld_imm64 without its second half, at the function's end`);
    if (relocation !== undefined) {
      references.push(relocated(insn, slot, relocation.symbol, where, landmarks, functionAt));
    } else if (isCall(slot) && slot.src === BPF_PSEUDO_CALL) {
      // Within a section assemblers resolve calls themselves: slots from the next one on.
      references.push({ insn, kind: "call", name: functionAt(section.index, offset + (slot.imm + 1) * INSN_SIZE) });
    } else if (isLdImm64(slot) && slot.src === BPF_PSEUDO_FUNC) {
      references.push({ insn, kind: "function", name: functionAt(section.index, offset + (slot.imm + 1) * INSN_SIZE) });
    }
    if (!isLdImm64(slot)) continue;
    insn++;
    if (relocations.has(offset + INSN_SIZE))
      throw new LibbpfError("RELOCATION_INVALID", `${where}: relocation of the second half of an ld_imm64`);
  }
  return references;
}

function relocated(
  insn: number,
  slot: Insn,
  symbol: ElfSymbol,
  where: string,
  landmarks: Landmarks,
  functionAt: (sectionIndex: number, offset: number) => string,
): Reference {
  const { sectionIndex, value } = symbol;
  const isSection = symbol.type === STT_SECTION;
  const name = isSection ? landmarks.sectionName(sectionIndex) : symbol.name;
  const bad = (what: string): LibbpfError =>
    new LibbpfError("RELOCATION_INVALID", `${where}: relocation against "${name}": ${what}`, {
      details: { symbol: name, insn },
    });
  if (!isCall(slot) && !isLdImm64(slot))
    throw bad(`opcode 0x${slot.code.toString(16)} is none that can be relocated: a call or ld_imm64`);
  if (sectionIndex === SHN_UNDEF) {
    const extern = landmarks.externs.get(name) ?? "undefined";
    return { insn, kind: "extern", name, extern, isWeak: symbol.bind === STB_WEAK };
  }
  if (sectionIndex >= SHN_LORESERVE) {
    if (sectionIndex === SHN_COMMON) throw bad("a variable that no section holds: compile with -fno-common");
    throw bad(
      sectionIndex === SHN_XINDEX
        ? "its section's index needs more than 16 bits"
        : `special section 0x${sectionIndex.toString(16)}`,
    );
  }
  if (isCall(slot)) {
    if (slot.src !== BPF_PSEUDO_CALL) throw bad(`a call of a function has src_reg ${BPF_PSEUDO_CALL}, not ${slot.src}`);
    // Of a static function the section is named, and the immediate says where in it; of others it is -1.
    return { insn, kind: "call", name: functionAt(sectionIndex, value + (slot.imm + 1) * INSN_SIZE) };
  }
  // 32 bits, as the place where they will stand.
  const offset = (value + slot.imm) >>> 0;
  const map = landmarks.mapAt(sectionIndex, isSection ? offset : value);
  if (map !== undefined) return { insn, kind: "map", name: map };
  const data = landmarks.dataMap(sectionIndex);
  if (data !== undefined) return { insn, kind: "map-value", name: data, offset };
  if (landmarks.sectionName(sectionIndex) === ARENA) return { insn, kind: "arena", name };
  const target = landmarks.functionAt(sectionIndex, offset);
  if (target !== undefined) return { insn, kind: "function", name: target };
  throw bad(
    `byte ${offset} of section ${landmarks.sectionName(sectionIndex)} is neither a map nor global data nor the start of a function`,
  );
}
