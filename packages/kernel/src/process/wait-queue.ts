/** Those who wait for something that happens in the kernel. */
export class WaitQueue {
  readonly #waiters: Set<() => void> = new Set();

  /** Tells all. */
  wake(): void {
    for (const waiter of this.#waiters) waiter();
  }

  add(waiter: () => void): void {
    this.#waiters.add(waiter);
  }

  remove(waiter: () => void): void {
    this.#waiters.delete(waiter);
  }
}

/**
 * Calls `listener` after wakeups of any of the queues: in a job of its own, when whatever runs now has ended, so that programs never run JavaScript of
 * others. Wakeups until then are one.
 */
export function watchQueues(queues: readonly WaitQueue[], listener: () => void): Disposable {
  let isWatching = true;
  let isScheduled = false;
  const waiter = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    void Promise.resolve().then(() => {
      isScheduled = false;
      if (isWatching) listener();
    });
  };
  for (const queue of queues) queue.add(waiter);
  return {
    [Symbol.dispose](): void {
      isWatching = false;
      for (const queue of queues) queue.remove(waiter);
    },
  };
}
