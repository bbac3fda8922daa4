/** One writable file: which process, which descriptor. */
export interface OpenFile {
  pid: number;
  fd: number;
}

/** An element of a policy's map, in either layout. */
export interface StateEntry extends OpenFile {
  /** What the element says of the file. */
  mayWrite: boolean;
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

  /** Lost: entries that `state` lacks. Stale: entries that it should not have, or that say something else than they should. */
  compare(state: readonly StateEntry[]): { lost: OpenFile[]; stale: OpenFile[] } {
    const there = new Set(state.map(key));
    return {
      lost: [...this.#writable.values()].filter((file) => !there.has(key(file))),
      stale: state
        .filter((entry) => !this.#writable.has(key(entry)) || !entry.mayWrite)
        .map(({ pid, fd }) => ({ pid, fd })),
    };
  }
}

function key({ pid, fd }: OpenFile): string {
  return `${pid}:${fd}`;
}
