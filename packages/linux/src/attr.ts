import type { Syscalls } from "./syscall.ts";

/** Bytes of `union bpf_attr` that this package fills; the kernel zero-extends. @see v6.18 include/uapi/linux/bpf.h, union bpf_attr */
const ATTR_SIZE = 152;

/** A `union bpf_attr` being filled in, by byte offset. Keeps what it points to alive. */
export class Attr {
  readonly bytes: Uint8Array = new Uint8Array(ATTR_SIZE);
  readonly #view: DataView = new DataView(this.bytes.buffer);
  readonly #syscalls: Pick<Syscalls, "address">;
  readonly #kept: Uint8Array[] = [];

  constructor(syscalls: Pick<Syscalls, "address">) {
    this.#syscalls = syscalls;
  }

  u32(offset: number, value: number): this {
    this.#view.setUint32(offset, value, true);
    return this;
  }

  u64(offset: number, value: bigint): this {
    this.#view.setBigUint64(offset, BigInt.asUintN(64, value), true);
    return this;
  }

  pointer(offset: number, bytes: Uint8Array | undefined): this {
    if (bytes === undefined || bytes.length === 0) return this;
    this.#kept.push(bytes);
    return this.u64(offset, this.#syscalls.address(bytes));
  }

  /** A NUL-terminated string by pointer. */
  cString(offset: number, text: string): this {
    return this.pointer(offset, new TextEncoder().encode(`${text}\0`));
  }

  /** At most 15 bytes in place; a longer name fills all 16, which the kernel refuses. */
  name(offset: number, text: string): this {
    this.bytes.set(new TextEncoder().encode(text).subarray(0, 16), offset);
    return this;
  }

  getU32(offset: number): number {
    return this.#view.getUint32(offset, true);
  }
}
