/** The numbers of ELF that BPF objects use. @see gABI, chapter "Object Files" */

/** Section types. */
export const SHT_NULL = 0;
export const SHT_PROGBITS = 1;
export const SHT_SYMTAB = 2;
export const SHT_STRTAB = 3;
export const SHT_RELA = 4;
export const SHT_NOBITS = 8;
export const SHT_REL = 9;

/** Section flag: holds instructions. */
export const SHF_EXECINSTR = 4;
/** Section flag: its bytes are compressed. */
export const SHF_COMPRESSED = 0x800;

/** Symbol types. */
export const STT_NOTYPE = 0;
export const STT_OBJECT = 1;
export const STT_FUNC = 2;
export const STT_SECTION = 3;

/** Symbol bindings. */
export const STB_LOCAL = 0;
export const STB_WEAK = 2;

/** Symbol visibilities that hide a global symbol from other objects. */
export const STV_INTERNAL = 1;
export const STV_HIDDEN = 2;

/** Section index of an undefined symbol. */
export const SHN_UNDEF = 0;
/** Section indexes from here on are no sections. */
export const SHN_LORESERVE = 0xff00;
/** A variable that the linker was to place (`-fcommon`). */
export const SHN_COMMON = 0xfff2;
/** The real index is elsewhere: it did not fit. */
export const SHN_XINDEX = 0xffff;
