import { EBADF, EMFILE } from "@bpf-ts/uapi/errno";
import { KernelError } from "./error.ts";

/** What an fd stands for. */
export interface OpenFile {
  readonly kind: "map" | "prog" | "link" | "btf" | "iter" | "perf_event" | "file" | "socket" | "cgroup" | "pid";
  /** The fd was closed. */
  release(): void;
}

/** The first three fds are a process' standard streams. */
const FIRST_FD = 3;

/** The open files of one process. */
export class FdTable {
  readonly #files = new Map<number, OpenFile>();
  readonly #limit: number;

  /** @param limit one more than the highest fd, as RLIMIT_NOFILE */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether another file can be opened. @throws KernelError EMFILE */
  reserve(): number {
    for (let fd = FIRST_FD; fd < this.#limit; fd++) if (!this.#files.has(fd)) return fd;
    throw new KernelError(EMFILE, `no free file descriptor: ${this.#files.size} open, the limit is ${this.#limit}`);
  }

  /** Gives the file the lowest free fd. @throws KernelError EMFILE */
  install(file: OpenFile): number {
    const fd = this.reserve();
    this.#files.set(fd, file);
    return fd;
  }

  get(fd: number): OpenFile | undefined {
    return this.#files.get(fd);
  }

  /** @throws KernelError EBADF */
  close(fd: number): void {
    const file = this.#files.get(fd);
    if (file === undefined) throw new KernelError(EBADF, `fd ${fd} is not open`);
    this.#files.delete(fd);
    file.release();
  }

  closeAll(): void {
    for (const fd of [...this.#files.keys()]) this.close(fd);
  }

  get size(): number {
    return this.#files.size;
  }

  /** Open fds in rising order, with what they stand for. */
  entries(): [number, OpenFile][] {
    return [...this.#files].sort(([a], [b]) => a - b);
  }
}
