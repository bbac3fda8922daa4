/**
 * Ids of numbers. Registers and slots with one id hold the same number, or numbers at a fixed distance from it: two bits of the id tell that
 * `off` is that distance, and by which width of addition it came about.
 *
 * @see v6.18 include/linux/bpf_verifier.h, BPF_ADD_CONST64, BPF_ADD_CONST32
 */

/** The number is the tied one plus `off`, added in 64 bits. */
export const BPF_ADD_CONST64: number = 2 ** 31;
/** The number is the tied one plus `off`, added in 32 bits. */
export const BPF_ADD_CONST32: number = 2 ** 30;

const PLAIN = 0x3fff_ffff;

/** An id without its flags. */
export function plainId(id: number): number {
  return id & PLAIN;
}

/** The flags of an id: 0, BPF_ADD_CONST32 or BPF_ADD_CONST64. */
export function distanceFlag(id: number): number {
  return id >= BPF_ADD_CONST64 ? BPF_ADD_CONST64 : id >= BPF_ADD_CONST32 ? BPF_ADD_CONST32 : 0;
}
