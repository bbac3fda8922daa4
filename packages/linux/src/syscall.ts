import { createRequire } from "node:module";
import { UnsupportedError } from "@bpf-ts/uapi";

/** bpf(2)'s number. @see v6.18 arch/x86/entry/syscalls/syscall_64.tbl, scripts/syscall.tbl (arm64) */
const BPF_NUMBER: Readonly<Record<string, number>> = { x64: 321, arm64: 280 };
/** perf_event_open(2)'s. */
const PERF_EVENT_OPEN_NUMBER: Readonly<Record<string, number>> = { x64: 298, arm64: 241 };
/** `PERF_FLAG_FD_CLOEXEC` */
const PERF_FLAGS = 8;
/** `MAP_SHARED`, and `MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS`. @see v6.18 include/uapi/linux/mman.h */
const MAP_SHARED = 0x01;
const MAP_REPLACE = 0x32;
const PROT_READ = 1;
const PROT_WRITE = 2;
/** Bytes of a `cpu_set_t`: 1024 CPUs. */
const CPU_SET_BYTES = 128;
/** Bits of poll(2)'s answer: something to read, room to write, no such thing, no such fd. @see v6.18 include/uapi/asm-generic/poll.h */
export const POLLIN = 0x001;
export const POLLOUT = 0x004;
export const POLLERR = 0x008;
export const POLLNVAL = 0x020;
/** @see v6.18 include/uapi/linux/eventpoll.h */
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLET = 2 ** 31;
const EPOLL_CLOEXEC = 0o2000000;
/** `struct epoll_event`: {u32 events; u64 data}, packed on x86-64 alone. */
const EPOLL_EVENT = process.arch === "x64" ? { bytes: 12, data: 4 } : { bytes: 16, data: 8 };
/** Fds that one wait reports at most. */
const EPOLL_EVENTS = 64;
/** `EFD_CLOEXEC | EFD_NONBLOCK` */
const EVENTFD_FLAGS = 0o2004000;

/** A function of the C library. `async` calls it on another thread. */
interface Native {
  (...args: unknown[]): number;
  async(...args: [...unknown[], (error: Error | null, result: number) => void]): void;
}

/** What we use of koffi. */
export interface Koffi {
  load(name: string): { func(signature: string): Native };
  errno(): number;
  address(memory: Uint8Array): bigint;
  view(address: bigint, length: number): ArrayBuffer;
}

/** The system calls of this package. They answer a negative errno where they fail. */
export interface Syscalls {
  /** bpf(2). */
  bpf(cmd: number, attr: Uint8Array): number;
  close(fd: number): number;
  /** Where the bytes lie. They must stay reachable as long as the kernel may look. */
  address(bytes: Uint8Array): bigint;
  /** Shared memory of an fd: its address. */
  mmap(fd: number, length: number, offset: number, writable: boolean): number;
  /** Lets go of what was mapped at `address`, and puts zeros there: who still looks at or writes to them does no harm. */
  mapZeros(address: number, length: number): number;
  munmap(address: number, length: number): number;
  /** The bytes at an address that {@link Syscalls.mmap} answered. */
  view(address: number, length: number): ArrayBuffer;
  /** poll(2) for reading and writing, without waiting: what is to be said of each fd, `POLL…` bits. */
  poll(fds: readonly number[]): readonly number[] | number;
  /** Keeps the calling thread on one CPU. */
  runOn(cpu: number): number;
  /** perf_event_open(2), for all processes on one CPU. */
  perfEventOpen(attr: Uint8Array, cpu: number): number;
  /** An fd to wait for others with. */
  epollCreate(): number;
  /** Reports an fd from now on: at wakeups (`edge`), or as long as it is readable. */
  epollAdd(epoll: number, fd: number, edge: boolean): number;
  epollRemove(epoll: number, fd: number): number;
  /** Waits on another thread, and then tells which fds there is something to say of. */
  epollWait(epoll: number, done: (fds: readonly number[]) => void): void;
  /** An fd that is readable once it was signalled. */
  eventFd(): number;
  signal(eventFd: number): number;
}

/**
 * The system calls, through koffi.
 *
 * @throws UnsupportedError on other systems than Linux on x86-64 or arm64, and where koffi is not installed
 */
export function loadSyscalls(require: (name: string) => unknown = createRequire(import.meta.url)): Syscalls {
  const number = BPF_NUMBER[process.arch];
  if (process.platform !== "linux" || number === undefined)
    throw new UnsupportedError(`bpf(2) on ${process.platform} ${process.arch}`);
  const koffi = loadKoffi(require);
  const libc = koffi.load("libc.so.6");
  const bound = (signature: string): ((...args: unknown[]) => number) => {
    const native = libc.func(signature);
    return (...args) => {
      const result = native(...args);
      return result < 0 ? -koffi.errno() : result;
    };
  };
  const syscall = bound("long syscall(long number, long cmd, void *attr, long size)");
  const mmap = bound("int64_t mmap(int64_t addr, size_t length, int prot, int flags, int fd, int64_t offset)");
  const poll = bound("int poll(void *fds, unsigned long count, int timeout)");
  const perfEventOpen = bound("long syscall(long number, void *attr, long pid, long cpu, long group, long flags)");
  const epollCreate = bound("int epoll_create1(int flags)");
  const epollControl = bound("int epoll_ctl(int epoll, int op, int fd, void *event)");
  const epollWait = libc.func("int epoll_wait(int epoll, void *events, int count, int timeout)");
  const eventFd = bound("int eventfd(unsigned int value, int flags)");
  const write = bound("int64_t write(int fd, void *bytes, size_t count)");
  const setAffinity = bound("int sched_setaffinity(int pid, size_t size, void *mask)");
  return {
    bpf: (cmd, attr) => syscall(number, cmd, attr, attr.length),
    close: bound("int close(int fd)"),
    address(bytes) {
      // Asking for the buffer moves small arrays out of the garbage-collected heap, where they could be moved again.
      void bytes.buffer;
      return bytes.length === 0 ? 0n : BigInt(koffi.address(bytes));
    },
    mmap: (fd, length, offset, writable) =>
      mmap(0, length, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, offset),
    // Readable and writable: a write to it goes nowhere, but does not end the process.
    mapZeros: (address, length) => mmap(address, length, PROT_READ | PROT_WRITE, MAP_REPLACE, -1, 0),
    munmap: bound("int munmap(int64_t addr, size_t length)"),
    view: (address, length) => koffi.view(BigInt(address), length),
    poll(fds) {
      const records = new Uint8Array(8 * fds.length);
      const view = new DataView(records.buffer);
      for (const [i, fd] of fds.entries()) {
        view.setInt32(8 * i, fd, true);
        view.setInt16(8 * i + 4, POLLIN | POLLOUT, true);
      }
      const result = poll(records, fds.length, 0);
      return result < 0 ? result : fds.map((_fd, i) => view.getInt16(8 * i + 6, true));
    },
    runOn(cpu) {
      const mask = new Uint8Array(CPU_SET_BYTES);
      mask[cpu >> 3] = 1 << (cpu & 7);
      return setAffinity(0, mask.length, mask);
    },
    perfEventOpen: (attr, cpu) => perfEventOpen(PERF_EVENT_OPEN_NUMBER[process.arch], attr, -1, cpu, -1, PERF_FLAGS),
    epollCreate: () => epollCreate(EPOLL_CLOEXEC),
    epollAdd(epoll, fd, edge) {
      const event = new DataView(new ArrayBuffer(EPOLL_EVENT.bytes));
      event.setUint32(0, edge ? EPOLLET + (POLLIN | POLLOUT) : POLLIN, true);
      event.setInt32(EPOLL_EVENT.data, fd, true);
      return epollControl(epoll, EPOLL_CTL_ADD, fd, new Uint8Array(event.buffer));
    },
    epollRemove: (epoll, fd) => epollControl(epoll, EPOLL_CTL_DEL, fd, null),
    epollWait(epoll, done) {
      const events = new DataView(new ArrayBuffer(EPOLL_EVENTS * EPOLL_EVENT.bytes));
      epollWait.async(epoll, new Uint8Array(events.buffer), EPOLL_EVENTS, -1, (_error, found) =>
        // Fewer than none: interrupted.
        done(
          Array.from({ length: Math.max(0, found) }, (_, i) =>
            events.getInt32(i * EPOLL_EVENT.bytes + EPOLL_EVENT.data, true),
          ),
        ),
      );
    },
    eventFd: () => eventFd(0, EVENTFD_FLAGS),
    signal: (fd) => write(fd, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), 8),
  };
}

function loadKoffi(require: (name: string) => unknown): Koffi {
  try {
    return require("koffi") as Koffi;
  } catch (cause) {
    throw new UnsupportedError("bpf(2): the optional dependency koffi is not installed", { cause });
  }
}
