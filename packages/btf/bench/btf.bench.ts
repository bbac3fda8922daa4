/**
 * What the benchmark frame measures of this package. Each function does its work once, on what {@link prepare} made of a kernel's BTF, and
 * answers how many things that were.
 *
 * @module
 */
import { Btf, BtfBuilder, type Codec, codecFor, renderC, validateBtf } from "../src/index.ts";

/** What is measured on. */
export interface Prepared {
  /** A kernel's BTF: `/sys/kernel/btf/vmlinux`. */
  bytes: Uint8Array;
  btf: Btf;
  /** Names of a thousand types, spread over all of them. */
  names: readonly string[];
  key: Codec;
  keyBytes: Uint8Array;
  keyValue: unknown;
}

export function prepare(bytes: Uint8Array): Prepared {
  const btf = Btf.parse(bytes);
  const names: string[] = [];
  for (let id = 1; names.length < 1000 && id < btf.typeCount; id += 97)
    if (btf.nameOf(id) !== "") names.push(btf.nameOf(id));
  const b = new BtfBuilder();
  const u32 = b.addInt("u32", 4);
  const u64 = b.addInt("u64", 8);
  const char = b.addInt("char", 1, { signed: true });
  const struct = b.addFields("struct", "key", [
    { name: "pid", type: u32 },
    { name: "fd", type: u32 },
    { name: "comm", type: b.addArray(char, 16, u32) },
    { name: "stamp", type: u64 },
  ]);
  const keyValue = { pid: 1234, fd: 5, comm: "some-process", stamp: 123456789n };
  const key = codecFor(b.toBtf(), struct);
  return { bytes, btf, names, key, keyBytes: key.toBytes(keyValue), keyValue };
}

/** Looks names up, by the index. */
export function benchFind({ btf, names }: Prepared): number {
  for (const name of names) if (btf.findByName(name) === undefined) throw new Error(`no ${name}`);
  return names.length;
}

/** Decodes every type. */
export function benchAllTypes({ btf }: Prepared): number {
  let count = 0;
  for (const type of btf.types()) if (type.id > 0) count++;
  return count;
}

/** Judges the kernel's BTF as BTF_LOAD would. */
export function benchValidate({ bytes, btf }: Prepared): number {
  if (!validateBtf(bytes).ok) throw new Error("refused");
  return btf.typeCount - 1;
}

/** Builds, merges and writes all types twice. */
export function benchDedup({ btf }: Prepared): number {
  const builder = new BtfBuilder();
  builder.addAll(btf);
  builder.addAll(btf);
  builder.dedup();
  return builder.encode().length > 0 ? (btf.typeCount - 1) * 2 : 0;
}

/** `vmlinux.h`. */
export function benchRenderC({ btf }: Prepared): number {
  return renderC(btf).length > 0 ? btf.typeCount - 1 : 0;
}

/** A key of four members to bytes, a thousand times. */
export function benchEncode({ key, keyBytes, keyValue }: Prepared): number {
  for (let i = 0; i < 1000; i++) key.encode(keyValue, keyBytes);
  return 1000;
}

/** And back. */
export function benchDecode({ key, keyBytes }: Prepared): number {
  let last: unknown;
  for (let i = 0; i < 1000; i++) last = key.decode(keyBytes);
  return last === undefined ? 0 : 1000;
}
