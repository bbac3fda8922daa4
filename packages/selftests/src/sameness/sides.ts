/// <reference types="node" />
import { createKernel, type Kernel, type Process, type SocketKind } from "@bpf-ts/kernel";
import { LinuxKernel } from "@bpf-ts/linux";
import { type Bpf, BpfError } from "@bpf-ts/uapi";
import { BPF_MAP_TYPE_ARRAY } from "@bpf-ts/uapi/map-types";
import { LinuxFiles } from "./linux-files.ts";

/** Things with an fd that go into maps or that storage hangs on. */
export type FileKind = SocketKind | "self" | "cgroup" | "file" | "event";

/** One of the two kernels that are compared. */
export interface Side {
  readonly name: "Linux" | "ours";
  readonly bpf: Bpf;
  /** Opens something; a negative errno if that is not to be had. */
  open(kind: FileKind): number;
  /** What user space reads of a socket in a map. */
  cookie(fd: number): bigint;
  /** Something was closed: waits, if it must, until the kernel has freed enough. */
  closed(): void;
  /** Bytes of memory in use; undefined where nobody else's can be told apart. */
  liveBytes(): number | undefined;
}

/** The running kernel, on CPU 0; or why it can't be asked. */
export function openLinux(): Side | string {
  try {
    const bpf = new LinuxKernel({ cpu: 0 });
    const probe = { type: BPF_MAP_TYPE_ARRAY, name: "", keySize: 4, valueSize: 4, maxEntries: 1, mapFlags: 0 };
    bpf.close(bpf.mapCreate(probe));
    const files = new LinuxFiles();
    if (!files.release.startsWith("6.18.")) return `the running kernel is ${files.release}, not 6.18`;
    return {
      name: "Linux",
      bpf,
      open: (kind) => files.open(kind),
      cookie: (fd) => files.cookie(fd),
      closed: () => files.waitForMemory(),
      liveBytes: () => undefined,
    };
  } catch (error) {
    if (error instanceof BpfError) return error.message;
    throw error;
  }
}

/** An in-process kernel with so many CPUs. */
export function openOurs(cpus: number): Side & { readonly kernel: Kernel } {
  const kernel = createKernel({ cpus });
  const { init } = kernel;
  return {
    name: "ours",
    kernel,
    bpf: kernel.bpf,
    open: (kind) => openIn(init, kind),
    cookie: (fd) => init.socketCookie(fd),
    closed: () => {},
    liveBytes: () => kernel.liveBytes,
  };
}

function openIn(process: Process, kind: FileKind): number {
  switch (kind) {
    case "self":
      return process.pidfdOpen(process.pid);
    case "cgroup":
      return process.openat("/sys/fs/cgroup", 0);
    case "file":
      return process.openat("/a-file");
    case "event":
      return process.bpf.perfEventOpen({ kind: "kprobe", func: "__sys_bpf", retprobe: false });
    default:
      return process.socket(kind);
  }
}
