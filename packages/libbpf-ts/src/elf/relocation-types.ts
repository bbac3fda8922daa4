/**
 * Relocations that LLVM's BPF back end emits.
 *
 * @see LLVM 19 llvm/include/llvm/BinaryFormat/ELFRelocs/BPF.def
 */
export const R_BPF_NONE = 0;
/** The immediate of an ld_imm64. */
export const R_BPF_64_64 = 1;
/** A 64-bit word in data. */
export const R_BPF_64_ABS64 = 2;
/** A 32-bit word in data. */
export const R_BPF_64_ABS32 = 3;
/** A 32-bit word in BTF and debug sections that loaders leave alone. */
export const R_BPF_64_NODYLD32 = 4;
/** The immediate of a call. */
export const R_BPF_64_32 = 10;
