/**
 * Ids of one kind of object: positive, handed out in rising order, not reused until the counter has wrapped, as Linux does.
 *
 * @see v6.18 kernel/bpf/syscall.c, bpf_prog_alloc_id
 */
export class IdTable<T> {
  readonly #objects = new Map<number, T>();
  #last = 0;

  allocate(object: T): number {
    let id = this.#last;
    do {
      id = id >= 0x7fffffff ? 1 : id + 1;
    } while (this.#objects.has(id));
    this.#last = id;
    this.#objects.set(id, object);
    return id;
  }

  release(id: number): void {
    this.#objects.delete(id);
  }

  get(id: number): T | undefined {
    return this.#objects.get(id);
  }

  /** The smallest id above `startId`. */
  next(startId: number): number | undefined {
    let best: number | undefined;
    for (const id of this.#objects.keys()) if (id > startId && (best === undefined || id < best)) best = id;
    return best;
  }

  get size(): number {
    return this.#objects.size;
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }
}
