/// <reference types="node" />
import { openSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { release, tmpdir } from "node:os";
import type { FileKind } from "./sides.ts";

/** A function of the C library: what it returns, or a negative errno. */
type Native = (...args: unknown[]) => number;

const AF_INET = 2;
const AF_XDP = 44;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOL_SOCKET = 1;
const SO_REUSEPORT = 15;
const SO_COOKIE = 57;
const SYS_PERF_EVENT_OPEN = 298;
const SYS_MEMBARRIER = 324;
const SYS_PIDFD_OPEN = 434;
const MEMBARRIER_CMD_GLOBAL = 1;
const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_BPF_OUTPUT = 10;
const PERF_SAMPLE_RAW = 1 << 10;

/** How many closed objects may wait for the kernel to free them before its memory is looked at. */
const CLOSED_BETWEEN_LOOKS = 50;

/** Opens what is not bpf(2)'s on the running kernel: sockets, pidfds, cgroups, perf events. x86-64 only. */
export class LinuxFiles {
  readonly release: string = release();
  readonly #socket: Native;
  readonly #setsockopt: Native;
  readonly #getsockopt: Native;
  readonly #bind: Native;
  readonly #listen: Native;
  readonly #syscall: Native;
  readonly #perfEventOpen: Native;
  #closed = 0;

  constructor() {
    const koffi = createRequire(import.meta.url)("koffi") as {
      load(name: string): { func(signature: string): (...args: unknown[]) => number };
      errno(): number;
    };
    const libc = koffi.load("libc.so.6");
    const bound = (signature: string): Native => {
      const native = libc.func(signature);
      return (...args) => {
        const result = native(...args);
        return result < 0 ? -koffi.errno() : result;
      };
    };
    this.#socket = bound("int socket(int family, int type, int protocol)");
    this.#setsockopt = bound("int setsockopt(int fd, int level, int name, void *value, int size)");
    this.#getsockopt = bound("int getsockopt(int fd, int level, int name, void *value, void *size)");
    this.#bind = bound("int bind(int fd, void *address, int size)");
    this.#listen = bound("int listen(int fd, int backlog)");
    this.#syscall = bound("long syscall(long number, int64_t a, long b, long c, long d, long e)");
    this.#perfEventOpen = bound("long syscall(long number, void *attr, long pid, long cpu, long group, long flags)");
  }

  /** @returns an fd or a negative errno */
  open(kind: FileKind): number {
    switch (kind) {
      case "xdp":
        return this.#socket(AF_XDP, SOCK_RAW, 0);
      case "udp-unbound":
        return this.#socket(AF_INET, SOCK_DGRAM, 0);
      case "tcp":
        return this.#socket(AF_INET, SOCK_STREAM, 0);
      case "udp":
        return this.#bound(SOCK_DGRAM, false);
      case "tcp-listen":
        return this.#bound(SOCK_STREAM, true);
      case "self":
        return this.#pidfd();
      case "cgroup":
        return openSync(cgroupMount(), "r");
      case "file":
        return openSync(tmpdir(), "r");
      case "event":
        return this.#event();
    }
  }

  cookie(fd: number): bigint {
    const value = new Uint8Array(8);
    this.#getsockopt(fd, SOL_SOCKET, SO_COOKIE, value, new Uint8Array(Int32Array.of(8).buffer));
    return new DataView(value.buffer).getBigUint64(0, true);
  }

  /** The kernel frees maps later, on its own time: where many have been closed and memory becomes scarce, this waits for it. */
  waitForMemory(): void {
    if (++this.#closed % CLOSED_BETWEEN_LOOKS !== 0) return;
    const kilobytes = (name: string): number =>
      Number(new RegExp(`^${name}: +(\\d+)`, "m").exec(readFileSync("/proc/meminfo", "utf8"))?.[1]);
    for (let tries = 0; kilobytes("MemAvailable") < kilobytes("MemTotal") / 2; tries++) {
      if (tries === 100) throw new Error("the kernel does not free closed maps");
      // A membarrier lasts until every CPU has passed through the scheduler: what frees maps gets its turn.
      for (let i = 0; i < 20; i++) this.#syscall(SYS_MEMBARRIER, MEMBARRIER_CMD_GLOBAL, 0, 0, 0, 0);
    }
  }

  #bound(type: number, listens: boolean): number {
    const fd = this.#socket(AF_INET, type, 0);
    if (fd < 0) return fd;
    this.#setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, new Uint8Array(Int32Array.of(1).buffer), 4);
    // 127.0.0.1, any port.
    const address = Uint8Array.of(AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    const error = this.#bind(fd, address, address.length);
    if (error < 0) return error;
    return listens ? this.#listen(fd, 1) || fd : fd;
  }

  #event(): number {
    const attr = new Uint8Array(64);
    const view = new DataView(attr.buffer);
    view.setUint32(0, PERF_TYPE_SOFTWARE, true);
    view.setUint32(4, attr.length, true);
    view.setBigUint64(8, BigInt(PERF_COUNT_SW_BPF_OUTPUT), true);
    view.setBigUint64(24, BigInt(PERF_SAMPLE_RAW), true);
    return this.#perfEventOpen(SYS_PERF_EVENT_OPEN, attr, -1, 0, -1, 0);
  }

  #pidfd(): number {
    return this.#syscall(SYS_PIDFD_OPEN, process.pid, 0, 0, 0, 0);
  }
}

/** Where the unified hierarchy is mounted. */
function cgroupMount(): string {
  const line = /^\S+ (\S+) cgroup2 /m.exec(readFileSync("/proc/mounts", "utf8"));
  return line?.[1] ?? "/nonexistent";
}
