/** Reads the ELF files that BPF compilers write. */
export { type ElfFile, type ElfRelocation, type ElfSection, type ElfSymbol, readElf } from "./reader.ts";
