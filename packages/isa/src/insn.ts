/**
 * One slot of a program: the fields of `struct bpf_insn`, as numbers.
 *
 * ```text
 *   byte 0   byte 1        byte 2-3   byte 4-7
 *   code     src:4 dst:4   off        imm          (little endian; big endian swaps the nibbles of byte 1 as well)
 * ```
 *
 * `ld_imm64` is two of them, because verifier, rewrites and logs count slots.
 *
 * @see RFC 9669 section 3; v6.18 include/uapi/linux/bpf.h, struct bpf_insn
 */
export interface Insn {
  /** Opcode, 0..255. */
  readonly code: number;
  /** Destination register field, 0..15 (valid programs use 0..10). */
  readonly dst: number;
  /** Source register field, 0..15; for some opcodes a `BPF_PSEUDO_*` number. */
  readonly src: number;
  /** Signed 16 bit: bytes for memory access, slots for jumps. */
  readonly off: number;
  /** Signed 32 bit. */
  readonly imm: number;
}

/** Bytes a slot. */
export const INSN_SIZE = 8;
