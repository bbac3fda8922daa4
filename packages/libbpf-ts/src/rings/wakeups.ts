import type { Bpf } from "@bpf-ts/uapi";

/** Waits for fds of a kernel: what happened between two waits is not missed. */
export class Wakeups implements Disposable {
  readonly #watch: Disposable;
  readonly #onEnd: (() => void) | undefined;
  #isWoken = false;
  #isOver = false;
  #resume: (() => void) | undefined;

  /** @param onEnd called when it is disposed */
  constructor(bpf: Bpf, fds: readonly number[], onEnd?: () => void) {
    this.#onEnd = onEnd;
    this.#watch = bpf.watch(fds, () => {
      this.#isWoken = true;
      this.#resume?.();
    });
  }

  /** True after a wakeup, false once it is disposed. One at a time. */
  async wait(): Promise<boolean> {
    if (!this.#isWoken && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
      this.#resume = undefined;
    }
    this.#isWoken = false;
    return !this.#isOver;
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watch[Symbol.dispose]();
    this.#onEnd?.();
    this.#resume?.();
  }
}

/** All that wait for one thing, so that closing it ends their waits. */
export class Waiters {
  readonly #bpf: Bpf;
  readonly #waiting: Set<Wakeups> = new Set();

  constructor(bpf: Bpf) {
    this.#bpf = bpf;
  }

  /** @throws BpfError EBADF, EPERM; UnsupportedError where the kernel cannot wait */
  open(fds: readonly number[]): Wakeups {
    const wakeups: Wakeups = new Wakeups(this.#bpf, fds, () => this.#waiting.delete(wakeups));
    this.#waiting.add(wakeups);
    return wakeups;
  }

  /** Ends all waits. */
  close(): void {
    for (const wakeups of [...this.#waiting]) wakeups[Symbol.dispose]();
  }
}
