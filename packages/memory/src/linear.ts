import { MemoryError } from "./error.ts";

/** Bytes a page of WebAssembly. */
export const WASM_PAGE = 65536;

/**
 * A growing stretch of bytes and the machine's own access to it: unchecked but for its end (RangeError: that is a bug of the caller). An address
 * is an offset, unsigned 32 bit; the same 32 bits signed do as well.
 */
export class LinearMemory {
  /** The `WebAssembly.Memory`, typed opaquely so that no declaration needs the DOM library: hand it to wasm modules as import. */
  readonly wasm: object;
  /** Bytes that the memory never exceeds. */
  readonly maxBytes: number;
  readonly #memory: WebAssembly.Memory;
  #u8: Uint8Array;
  #u32: Uint32Array;
  #i32: Int32Array;
  #view: DataView;
  #generation = 0;

  /**
   * @param initial pages of 64 KiB
   * @param maximum pages of 64 KiB
   * @throws {@link MemoryError} ENOMEM if the host refuses.
   */
  constructor(initial: number, maximum: number) {
    try {
      this.#memory = new WebAssembly.Memory({ initial, maximum });
    } catch (cause) {
      throw new MemoryError(`the host refuses a memory of ${initial} to ${maximum} wasm pages`, {
        code: "ENOMEM",
        errno: 12,
        details: { initial, maximum },
        cause,
      });
    }
    this.wasm = this.#memory;
    this.maxBytes = maximum * WASM_PAGE;
    this.#u8 = new Uint8Array(this.#memory.buffer);
    this.#u32 = new Uint32Array(this.#memory.buffer);
    this.#i32 = new Int32Array(this.#memory.buffer);
    this.#view = new DataView(this.#memory.buffer);
  }

  /** Grows by `pages` pages of 64 KiB, moving every view. False, and nothing has changed, if the host refuses. */
  protected grow(pages: number): boolean {
    try {
      this.#memory.grow(pages);
    } catch {
      return false;
    }
    const buffer = this.#memory.buffer;
    this.#u8 = new Uint8Array(buffer);
    this.#u32 = new Uint32Array(buffer);
    this.#i32 = new Int32Array(buffer);
    this.#view = new DataView(buffer);
    this.#generation++;
    return true;
  }

  /** All bytes. Dies at the next growth: ask again after anything that may allocate. */
  get u8(): Uint8Array {
    return this.#u8;
  }

  /** All bytes as unsigned words, indexed by `address >>> 2`. Dies at the next growth. */
  get u32(): Uint32Array {
    return this.#u32;
  }

  /** All bytes as signed words, indexed by `address >>> 2`. Dies at the next growth. */
  get i32(): Int32Array {
    return this.#i32;
  }

  /** All bytes as a DataView. Dies at the next growth. */
  get dataView(): DataView {
    return this.#view;
  }

  /** Counts growths: views taken at an earlier generation are dead. */
  get generation(): number {
    return this.#generation;
  }

  /** Present size in bytes. */
  get byteLength(): number {
    return this.#u8.length;
  }

  /** Unsigned byte. Unchecked. */
  getU8(address: number): number {
    return this.#view.getUint8(address >>> 0);
  }

  /** Unsigned 16 bits, little endian, any alignment. Unchecked. */
  getU16(address: number): number {
    return this.#view.getUint16(address >>> 0, true);
  }

  /** Unsigned 32 bits, little endian, any alignment. Unchecked. */
  getU32(address: number): number {
    return this.#view.getUint32(address >>> 0, true);
  }

  /** Signed 32 bits, little endian, any alignment. Unchecked. */
  getI32(address: number): number {
    return this.#view.getInt32(address >>> 0, true);
  }

  /** Unsigned 64 bits, little endian, any alignment. Unchecked. Not for hot paths: it makes a bigint. */
  getU64(address: number): bigint {
    return this.#view.getBigUint64(address >>> 0, true);
  }

  /** Signed 64 bits, little endian, any alignment. Unchecked. */
  getI64(address: number): bigint {
    return this.#view.getBigInt64(address >>> 0, true);
  }

  /** Stores the low 8 bits of `value`. Unchecked. */
  setU8(address: number, value: number): void {
    this.#view.setUint8(address >>> 0, value);
  }

  /** Stores the low 16 bits of `value`. Unchecked. */
  setU16(address: number, value: number): void {
    this.#view.setUint16(address >>> 0, value, true);
  }

  /** Stores the low 32 bits of `value`, signed or unsigned. Unchecked. */
  setU32(address: number, value: number): void {
    this.#view.setUint32(address >>> 0, value, true);
  }

  /** Stores the low 64 bits of `value`, signed or unsigned. Unchecked. */
  setU64(address: number, value: bigint): void {
    this.#view.setBigUint64(address >>> 0, value, true);
  }

  /** Copies `n` bytes as if through a buffer: the stretches may overlap. Unchecked. */
  copy(target: number, source: number, n: number): void {
    const to = target >>> 0;
    const from = source >>> 0;
    const u8 = this.#u8;
    if (n > 64) {
      u8.copyWithin(to, from, from + n);
    } else if (to <= from || to >= from + n) {
      // Forwards is safe unless the target begins inside the source.
      if (((to | from | n) & 3) === 0) {
        const u32 = this.#u32;
        for (let i = 0; i < n >>> 2; i++) u32[(to >>> 2) + i] = u32[(from >>> 2) + i]!;
      } else {
        for (let i = 0; i < n; i++) u8[to + i] = u8[from + i]!;
      }
    } else {
      for (let i = n - 1; i >= 0; i--) u8[to + i] = u8[from + i]!;
    }
  }

  /** Sets `n` bytes to `byte`. Unchecked. */
  fill(address: number, byte: number, n: number): void {
    const start = address >>> 0;
    if (n > 64) {
      this.#u8.fill(byte, start, start + n);
    } else {
      const u8 = this.#u8;
      for (let i = 0; i < n; i++) u8[start + i] = byte;
    }
  }

  /** Whether `n` bytes at `a` and at `b` are the same. Unchecked. */
  equals(a: number, b: number, n: number): boolean {
    const first = a >>> 0;
    const second = b >>> 0;
    let i = 0;
    if (((first | second) & 3) === 0) {
      const u32 = this.#u32;
      const words = n >>> 2;
      for (let word = 0; word < words; word++) {
        if (u32[(first >>> 2) + word] !== u32[(second >>> 2) + word]) return false;
      }
      i = words * 4;
    }
    const u8 = this.#u8;
    for (; i < n; i++) if (u8[first + i] !== u8[second + i]) return false;
    return true;
  }
}
