import { EBADF, EEXIST, EPERM } from "@bpf-ts/uapi/errno";
import { LinuxError } from "./error.ts";
import { POLLERR, POLLNVAL, type Syscalls } from "./syscall.ts";

/**
 * Waits for fds: one epoll instance, edge-triggered, so that what it reports are the kernel's wakeups; one thread waits in it while somebody watches.
 * Letting go of the last watch ends the wait by an eventfd, and closes both.
 */
export class Watches {
  readonly #syscalls: Syscalls;
  readonly #listeners: Map<number, Set<() => void>> = new Map();
  #instance: { epoll: number; event: number } | undefined;

  constructor(syscalls: Syscalls) {
    this.#syscalls = syscalls;
  }

  /** @throws LinuxError EBADF, EPERM */
  watch(fds: readonly number[], listener: () => void): Disposable {
    const wanted = [...new Set(fds)];
    this.#checkPollable(wanted);
    const instance = (this.#instance ??= this.#open());
    // Its own, so that a listener that is passed twice is called for as long as it is watched once.
    const own = (): void => listener();
    try {
      for (const fd of wanted) this.#add(instance.epoll, fd, own);
    } catch (error) {
      this.#remove(wanted, own);
      throw error;
    }
    return { [Symbol.dispose]: () => this.#remove(wanted, own) };
  }

  /** BPF maps that have nothing to wait for can be watched, and report an error. */
  #checkPollable(fds: readonly number[]): void {
    const events = this.#syscalls.poll(fds);
    if (typeof events === "number") throw new LinuxError(-events, "poll");
    for (const [i, fd] of fds.entries()) {
      if ((events[i]! & POLLNVAL) !== 0) throw new LinuxError(EBADF, `watch: fd ${fd} is not open`);
      if ((events[i]! & POLLERR) !== 0) throw new LinuxError(EPERM, `watch: nobody can wait for fd ${fd}`);
    }
  }

  #open(): { epoll: number; event: number } {
    const epoll = this.#syscalls.epollCreate();
    if (epoll < 0) throw new LinuxError(-epoll, "epoll_create1");
    const event = this.#syscalls.eventFd();
    const result = event < 0 ? event : this.#syscalls.epollAdd(epoll, event, false);
    if (result < 0) {
      if (event >= 0) this.#syscalls.close(event);
      this.#syscalls.close(epoll);
      throw new LinuxError(-result, "eventfd");
    }
    const instance = { epoll, event };
    this.#wait(instance);
    return instance;
  }

  #add(epoll: number, fd: number, listener: () => void): void {
    const result = this.#syscalls.epollAdd(epoll, fd, true);
    // An fd number that was closed and used again is another file to epoll.
    if (result < 0 && result !== -EEXIST) throw new LinuxError(-result, `watch: fd ${fd}`);
    const listeners = this.#listeners.get(fd);
    if (listeners === undefined) this.#listeners.set(fd, new Set([listener]));
    else listeners.add(listener);
  }

  #remove(fds: readonly number[], listener: () => void): void {
    for (const fd of fds) {
      const listeners = this.#listeners.get(fd);
      if (listeners?.delete(listener) !== true || listeners.size > 0) continue;
      this.#listeners.delete(fd);
      // It fails where the fd was closed meanwhile: then epoll has forgotten it.
      if (this.#instance !== undefined) this.#syscalls.epollRemove(this.#instance.epoll, fd);
    }
    if (this.#listeners.size > 0 || this.#instance === undefined) return;
    this.#syscalls.signal(this.#instance.event);
    this.#instance = undefined;
  }

  #wait(instance: { epoll: number; event: number }): void {
    this.#syscalls.epollWait(instance.epoll, (fds) => {
      if (this.#instance !== instance) {
        this.#syscalls.close(instance.event);
        this.#syscalls.close(instance.epoll);
        return;
      }
      // Before the listeners: what happens while they run is reported as well, and one that throws stops nobody else's wait.
      this.#wait(instance);
      for (const listener of new Set(fds.flatMap((fd) => [...(this.#listeners.get(fd) ?? [])]))) listener();
    });
  }
}
