/** One writable file: which process, which descriptor. */
export interface OpenFile {
  pid: number;
  fd: number;
}

/**
 * What the policy's state must be, kept by the writer itself: it knows nothing of maps, tracers or programs. At most `limit` files are writable;
 * opening one more leaves it unwritable, closing makes room.
 */
export class PolicyModel {
  readonly #writable = new Map<string, OpenFile>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  opened(file: OpenFile): void {
    if (this.#writable.size < this.#limit) this.#writable.set(key(file), file);
  }

  closed(file: OpenFile): void {
    this.#writable.delete(key(file));
  }

  isWritable(file: OpenFile): boolean {
    return this.#writable.has(key(file));
  }

  get size(): number {
    return this.#writable.size;
  }

  /** Entries that `state` lacks, and entries that it should not have. */
  compare(state: readonly OpenFile[]): { lost: OpenFile[]; stale: OpenFile[] } {
    const there = new Set(state.map(key));
    return {
      lost: [...this.#writable.values()].filter((file) => !there.has(key(file))),
      stale: state.filter((file) => !this.#writable.has(key(file))),
    };
  }
}

function key({ pid, fd }: OpenFile): string {
  return `${pid}:${fd}`;
}
