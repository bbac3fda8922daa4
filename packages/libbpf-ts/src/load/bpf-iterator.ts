import type { Bpf } from "@bpf-ts/uapi";

const CHUNK = 4096;

/** One run of an iterator program: what it prints, in pieces. */
export class BpfIterator implements Disposable {
  readonly #bpf: Bpf;
  readonly fd: number;
  #isOpen = true;

  constructor(bpf: Bpf, fd: number) {
    this.#bpf = bpf;
    this.fd = fd;
  }

  /** Fills `buffer` from the start; answers the number of bytes, 0 at the end. */
  read(buffer: Uint8Array): number {
    return this.#bpf.read(this.fd, buffer);
  }

  /** Runs to the end and answers everything it printed. */
  readAll(): Uint8Array {
    const chunks: Uint8Array[] = [];
    const buffer = new Uint8Array(CHUNK);
    for (let n = this.read(buffer); n > 0; n = this.read(buffer)) chunks.push(buffer.slice(0, n));
    const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#bpf.close(this.fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
