/**
 * Programs for tests, spelled by their fields: `[code, dst, src, off, imm]` is one slot of `struct bpf_insn`.
 */
export type Slot = readonly [code: number, dst: number, src: number, off: number, imm: number];

/** The bytes of a program, written without the code under test. */
export function bytesOf(slots: readonly Slot[]): Uint8Array {
  const bytes = new Uint8Array(slots.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, [code, dst, src, off, imm]] of slots.entries()) {
    view.setUint8(i * 8, code);
    view.setUint8(i * 8 + 1, (src << 4) | dst);
    view.setInt16(i * 8 + 2, off, true);
    view.setInt32(i * 8 + 4, imm | 0, true);
  }
  return bytes;
}

/** The two slots of `dst = value ll`. */
export function ldImm64(dst: number, value: bigint): Slot[] {
  return [
    [0x18, dst, 0, 0, Number(BigInt.asIntN(32, value))],
    [0x00, 0, 0, 0, Number(BigInt.asIntN(32, value >> 32n))],
  ];
}

export const EXIT: Slot = [0x95, 0, 0, 0, 0];
/** `dst = src` */
export const mov = (dst: number, src: number): Slot => [0xbf, dst, src, 0, 0];
/** `dst = imm` */
export const movImm = (dst: number, imm: number): Slot => [0xb7, dst, 0, 0, imm];
/** `call helper` */
export const call = (id: number): Slot => [0x85, 0, 0, 0, id];
