import { createRequire } from "node:module";
import { UnsupportedError } from "@bpf-ts/uapi";

/** bpf(2)'s number. @see v6.18 arch/x86/entry/syscalls/syscall_64.tbl, scripts/syscall.tbl (arm64) */
const BPF_NUMBER: Readonly<Record<string, number>> = { x64: 321, arm64: 280 };

/** What we use of koffi. */
interface Koffi {
  load(name: string): { func(signature: string): (...args: unknown[]) => number };
  errno(): number;
  address(memory: Uint8Array): bigint;
}

/** The system calls of this package. */
export interface Syscalls {
  /** bpf(2): the result, or a negative errno. */
  bpf(cmd: number, attr: Uint8Array): number;
  /** close(2): 0 or a negative errno. */
  close(fd: number): number;
  /** Where the bytes lie. They must stay reachable as long as the kernel may look. */
  address(bytes: Uint8Array): bigint;
}

/**
 * The system calls, through koffi.
 *
 * @throws UnsupportedError on other systems than Linux on x86-64 or arm64, and where koffi is not installed
 */
export function loadSyscalls(): Syscalls {
  const number = BPF_NUMBER[process.arch];
  if (process.platform !== "linux" || number === undefined)
    throw new UnsupportedError(`bpf(2) on ${process.platform} ${process.arch}`);
  const koffi = loadKoffi();
  const libc = koffi.load("libc.so.6");
  const syscall = libc.func("long syscall(long number, long cmd, void *attr, long size)");
  const close = libc.func("int close(int fd)");
  return {
    bpf(cmd, attr) {
      const result = syscall(number, cmd, attr, attr.length);
      return result < 0 ? -koffi.errno() : result;
    },
    close(fd) {
      return close(fd) < 0 ? -koffi.errno() : 0;
    },
    address(bytes) {
      // Asking for the buffer moves small arrays out of the garbage-collected heap, where they could be moved again.
      void bytes.buffer;
      return bytes.length === 0 ? 0n : BigInt(koffi.address(bytes));
    },
  };
}

function loadKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)("koffi") as Koffi;
  } catch (cause) {
    throw new UnsupportedError("bpf(2): the optional dependency koffi is not installed", { cause });
  }
}
