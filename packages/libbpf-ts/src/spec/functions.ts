import type { BtfExt } from "@bpf-ts/btf";
import { decode, INSN_SIZE } from "@bpf-ts/isa";
import type { ElfFile, ElfRelocation, ElfSection } from "../elf/reader.ts";
import { LibbpfError } from "../error.ts";
import { type FunctionExtent, functionExtents, isCodeSection } from "./function-extents.ts";
import { functionInfos } from "./function-infos.ts";
import type { FunctionSpec } from "./program-spec.ts";
import { type Landmarks, readReferences } from "./references.ts";

/** A function of the object, and what its symbols say of it. */
export interface ElfFunction {
  spec: FunctionSpec;
  /** Further symbols that stand for it. */
  aliases: readonly string[];
  isStatic: boolean;
}

interface PlacedFunction extends FunctionExtent {
  section: ElfSection;
  /** Name that no other function of the object has. */
  name: string;
}

/**
 * The functions of all code sections, with what their instructions refer to.
 *
 * @param known maps and externs of the object
 * @throws LibbpfError ELF_INVALID, RELOCATION_INVALID
 */
export function readFunctions(
  elf: ElfFile,
  ext: BtfExt | undefined,
  known: Pick<Landmarks, "mapAt" | "dataMap" | "externs">,
): ElfFunction[] {
  const placed = placeFunctions(elf);
  const starts = new Map(placed.map((fn) => [`${fn.section.index}:${fn.start}`, fn.name]));
  const landmarks: Landmarks = {
    ...known,
    functionAt: (sectionIndex, offset) => starts.get(`${sectionIndex}:${offset}`),
    sectionName: (index) => elf.sections[index]?.name ?? `#${index}`,
  };
  const bySection = new Map<ElfSection, PlacedFunction[]>();
  for (const fn of placed) {
    const list = bySection.get(fn.section);
    if (list === undefined) bySection.set(fn.section, [fn]);
    else list.push(fn);
  }
  return [...bySection].flatMap(([section, functions]) => readSection(elf, ext, section, functions, landmarks));
}

/** Functions of one name, as static ones of several source files can be, are told apart by their place. */
function placeFunctions(elf: ElfFile): PlacedFunction[] {
  const taken = new Set<string>();
  return elf.sections.filter(isCodeSection).flatMap((section) =>
    functionExtents(elf, section).map((extent) => {
      const [first] = extent.names;
      const name = taken.has(first!) ? `${first}@${section.name}+0x${extent.start.toString(16)}` : first!;
      taken.add(name);
      return { ...extent, section, name };
    }),
  );
}

function readSection(
  elf: ElfFile,
  ext: BtfExt | undefined,
  section: ElfSection,
  functions: readonly PlacedFunction[],
  landmarks: Landmarks,
): ElfFunction[] {
  const relocations = new Map<number, ElfRelocation>();
  for (const relocation of elf.relocations(section)) {
    if (relocation.offset % INSN_SIZE !== 0 || relocations.has(relocation.offset))
      throw new LibbpfError(
        "RELOCATION_INVALID",
        `section ${section.name}: relocation at byte ${relocation.offset} is not at an instruction, or the second one there`,
      );
    relocations.set(relocation.offset, relocation);
  }
  const infos = functionInfos(ext, section.name, functions);
  return functions.map((fn, i) => {
    const insns = section.data.slice(fn.start, fn.end);
    const code = { name: fn.name, section, start: fn.start, insns: decode(insns) };
    const references = readReferences(code, relocations, landmarks);
    return {
      spec: { name: fn.name, section: section.name, insns, references, ...infos[i]! },
      aliases: fn.names.slice(1),
      isStatic: fn.isStatic,
    };
  });
}
