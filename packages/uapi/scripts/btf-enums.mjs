/**
 * Reads the enums out of a raw BTF blob (little-endian, no base). It stands alone because uapi is the lowest package and the BTF package
 * builds on it.
 *
 * @see v6.18 include/uapi/linux/btf.h
 */

const ENUM = 6;
const ENUM64 = 19;

/** Bytes that follow the 12-byte `struct btf_type`, by kind, given vlen. */
const TRAILING = {
  0: () => 0, // void
  1: () => 4, // int
  2: () => 0, // ptr
  3: () => 12, // array
  4: (n) => 12 * n, // struct
  5: (n) => 12 * n, // union
  6: (n) => 8 * n, // enum
  7: () => 0, // fwd
  8: () => 0, // typedef
  9: () => 0, // volatile
  10: () => 0, // const
  11: () => 0, // restrict
  12: () => 0, // func
  13: (n) => 8 * n, // func_proto
  14: () => 4, // var
  15: (n) => 12 * n, // datasec
  16: () => 0, // float
  17: () => 4, // decl_tag
  18: () => 0, // type_tag
  19: (n) => 12 * n, // enum64
};

export function readBtfEnums(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0, true) !== 0xeb9f) throw new Error("not little-endian BTF");
  const header = view.getUint32(4, true);
  const typeStart = header + view.getUint32(8, true);
  const typeEnd = typeStart + view.getUint32(12, true);
  const strings = header + view.getUint32(16, true);
  const decoder = new TextDecoder();
  const text = (offset) => {
    const start = strings + offset;
    return decoder.decode(bytes.subarray(start, bytes.indexOf(0, start)));
  };
  const found = [];
  for (let at = typeStart; at < typeEnd; ) {
    const info = view.getUint32(at + 4, true);
    const kind = (info >>> 24) & 31;
    const count = info & 0xffff;
    const signed = info >>> 31 === 1;
    const trailing = TRAILING[kind];
    if (trailing === undefined) throw new Error(`unknown BTF kind ${kind} at byte ${at}`);
    if (kind === ENUM || kind === ENUM64) {
      const members = [];
      for (let i = 0; i < count; i++) {
        const member = at + 12 + i * (kind === ENUM ? 8 : 12);
        const low = view.getUint32(member + 4, true);
        const raw = kind === ENUM ? BigInt(low) : (BigInt(view.getUint32(member + 8, true)) << 32n) | BigInt(low);
        const value = signed ? BigInt.asIntN(kind === ENUM ? 32 : 64, raw) : raw;
        members.push([text(view.getUint32(member, true)), value]);
      }
      found.push({ name: text(view.getUint32(at, true)), members });
    }
    at += 12 + trailing(count);
  }
  return found;
}
