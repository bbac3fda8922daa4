/** A buffer of limited size that goes on counting where it is full, as the kernel's printf family does. */
export class Output {
  /** Bytes that it can hold, a final NUL included. */
  readonly size: number;
  /** What was printed so far, whether it fitted or not. Bytes. */
  length = 0;
  #bytes: Uint8Array;

  constructor(size: number) {
    this.size = size;
    this.#bytes = new Uint8Array(Math.min(size, 256));
  }

  /** Nothing fits any more. */
  get isFull(): boolean {
    return this.length >= this.size;
  }

  put(byte: number): void {
    if (this.length < this.size) {
      this.#room(this.length + 1);
      this.#bytes[this.length] = byte;
    }
    this.length++;
  }

  write(bytes: Uint8Array): void {
    const count = Math.min(bytes.length, this.size - this.length);
    if (count > 0) {
      this.#room(this.length + count);
      this.#bytes.set(count === bytes.length ? bytes : bytes.subarray(0, count), this.length);
    }
    this.length += bytes.length;
  }

  /** `count` times the same; nothing for counts below 1. */
  pad(byte: number, count: number): void {
    if (count <= 0) return;
    const end = Math.min(this.length + count, this.size);
    if (end > this.length) {
      this.#room(end);
      this.#bytes.fill(byte, this.length, end);
    }
    this.length += count;
  }

  /** What fitted, cut so that a NUL can follow, without it. */
  get text(): Uint8Array {
    return this.#bytes.subarray(0, Math.max(0, Math.min(this.length, this.size - 1)));
  }

  #room(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.min(this.size, Math.max(bytes, this.#bytes.length * 2)));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
