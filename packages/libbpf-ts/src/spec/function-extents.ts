import { INSN_SIZE } from "@bpf-ts/isa";
import { SHF_EXECINSTR, SHT_PROGBITS, STB_LOCAL, STT_FUNC, STT_NOTYPE } from "../elf/constants.ts";
import type { ElfFile, ElfSection, ElfSymbol } from "../elf/reader.ts";
import { LibbpfError } from "../error.ts";

/** Where a function lies, and what its symbols say. */
export interface FunctionExtent {
  /** Names of all symbols that stand for it; the first is its own, others are aliases. */
  names: string[];
  /** Bytes from the section's start. */
  start: number;
  end: number;
  /** Known inside its object only: never a program. */
  isStatic: boolean;
}

/** Whether a section holds programs or subprograms. */
export function isCodeSection(section: ElfSection): boolean {
  return section.type === SHT_PROGBITS && (section.flags & SHF_EXECINSTR) !== 0 && section.size > 0;
}

/**
 * Where the functions of a code section begin and end, in order. Symbols of functions say it; without any, global symbols without a type, as
 * assembly without `.type` leaves them; without those either, the section is one function, named by it.
 *
 * @throws LibbpfError ELF_INVALID
 */
export function functionExtents(elf: ElfFile, section: ElfSection): FunctionExtent[] {
  if (section.size % INSN_SIZE !== 0)
    throw new LibbpfError(
      "ELF_INVALID",
      `section ${section.name}: ${section.size} bytes are no multiple of ${INSN_SIZE}, the size of an instruction`,
    );
  const named = elf.symbolsOf(section.index).filter((symbol) => symbol.name !== "");
  const functions = named.filter((symbol) => symbol.type === STT_FUNC);
  const symbols =
    functions.length > 0
      ? functions
      : named.filter((symbol) => symbol.type === STT_NOTYPE && symbol.bind !== STB_LOCAL);
  const extents = extentsOf(section, symbols);
  // Code that no function's symbol covers is left over by linkers; without such symbols it is code all the same.
  if (functions.length === 0 && extents[0]?.start !== 0) {
    const name = section.name.replace(/^\?/, "").replace(/[^A-Za-z0-9_]/g, "_");
    extents.unshift({ names: [name], start: 0, end: extents[0]?.start ?? section.size, isStatic: false });
  }
  return extents;
}

function extentsOf(section: ElfSection, symbols: readonly ElfSymbol[]): FunctionExtent[] {
  const sorted = [...symbols].sort((a, b) => a.value - b.value);
  const extents: FunctionExtent[] = [];
  let next = sorted.length;
  let nextStart = section.size;
  // From the last to the first, so that each knows where the next one begins.
  for (let i = sorted.length - 1; i >= 0; i--) {
    const symbol = sorted[i]!;
    const start = symbol.value;
    if (next < sorted.length && sorted[next]!.value !== start) nextStart = sorted[next]!.value;
    next = i;
    const end = symbol.size > 0 ? start + symbol.size : nextStart;
    const bad = (what: string): LibbpfError =>
      new LibbpfError(
        "ELF_INVALID",
        `function ${symbol.name}: bytes ${start}..${end} of section ${section.name} ${what}`,
      );
    if (start % INSN_SIZE !== 0 || end % INSN_SIZE !== 0) throw bad("are no whole instructions");
    if (end > section.size || end <= start) throw bad(`lie outside of it (${section.size} bytes) or are none`);
    const after = extents.at(-1);
    if (after?.start === start && after.end === end) {
      after.names.unshift(symbol.name);
      after.isStatic &&= symbol.bind === STB_LOCAL;
    } else if (after !== undefined && end > after.start) {
      throw bad(`overlap function ${after.names[0]} at ${after.start}`);
    } else {
      extents.push({ names: [symbol.name], start, end, isStatic: symbol.bind === STB_LOCAL });
    }
  }
  return extents.reverse();
}
