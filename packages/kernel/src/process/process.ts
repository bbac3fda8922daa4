import type { Bpf } from "@bpf-ts/uapi";
import { EBADF, EINVAL, ENOTSOCK, ESRCH } from "@bpf-ts/uapi/errno";
import { BpfSyscalls } from "../commands/bpf-syscalls.ts";
import { KernelError } from "../error.ts";
import { FdTable, type OpenFile } from "../fd-table.ts";
import { TASK_COMM_LEN } from "../kernel-btf/kernel-structs.ts";
import type { Machine } from "../machine.ts";
import { objectGone } from "../objects/object-gone.ts";
import { CGROUP_ROOT, CgroupFile } from "./cgroups.ts";
import { fdinfo } from "./fdinfo.ts";
import { checkPath, O_CREAT, O_RDWR } from "./files.ts";
import { PidFile, type PidInode, RegularFile } from "./open-files.ts";
import { Socket, SocketFile, type SocketKind } from "./sockets.ts";
import { callSyscall } from "./syscall.ts";
import { makeTaskStruct } from "./task-struct.ts";

/** A path relative to the working directory, as openat takes it. */
export const AT_FDCWD = -100;

/** Who a process is. */
export interface ProcessOptions {
  /** At most 15 bytes are kept. */
  comm?: string;
  uid?: number;
  gid?: number;
  /** The CPU that it runs on; 0. */
  cpu?: number;
}

/**
 * A simulated process: has file descriptors, makes system calls. The calls run to their end, one after the other, and pass the kernel's functions with
 * everything attached to them. They answer what a raw system call does: a negative errno on failure.
 */
export class Process {
  readonly pid: number;
  /** At most 15 bytes. */
  readonly comm: string;
  readonly uid: number;
  readonly gid: number;
  /** The CPU that its system calls run on. */
  readonly cpu: number;
  /** Its open files. */
  readonly fds: FdTable;
  /** bpf(2) and what goes with it, by this process. */
  readonly bpf: Bpf;
  readonly #machine: Machine;
  #taskStruct: number;
  #pidInode: PidInode | undefined;

  /** @throws KernelError EINVAL (no such CPU), MemoryError ENOMEM */
  constructor(machine: Machine, pid: number, options: ProcessOptions) {
    this.#machine = machine;
    this.pid = pid;
    this.comm = truncated(options.comm ?? `process-${pid}`);
    this.uid = options.uid ?? 0;
    this.gid = options.gid ?? 0;
    this.cpu = options.cpu ?? 0;
    if (!Number.isInteger(this.cpu) || this.cpu < 0 || this.cpu >= machine.cpus) {
      throw new KernelError(EINVAL, `cpu ${this.cpu}: this kernel has ${machine.cpus}`);
    }
    this.fds = new FdTable(machine.maxFds);
    this.#taskStruct = makeTaskStruct(machine.memory, this);
    this.bpf = new BpfSyscalls(machine, this);
  }

  /** The thread group: processes here have one thread. */
  get tgid(): number {
    return this.pid;
  }

  /** Address of its `struct task_struct`; 0 once it has ended. */
  get taskStruct(): number {
    return this.#taskStruct;
  }

  /** It has ended: it makes no system calls any more. */
  get hasEnded(): boolean {
    return this.#taskStruct === 0;
  }

  /**
   * openat(2). `O_CREAT | O_RDWR` unless told otherwise. A path is a name: there are no folders, but `/sys/fs/cgroup` is the root cgroup.
   *
   * @param flags `O_*`; what they do not know is ignored, as Linux ignores it
   * @returns an fd, or a negative errno: -ENOENT, -EEXIST, -ENAMETOOLONG, -EMFILE, what fmod_ret programs say
   * @throws KernelError ESRCH if the process has ended; ProgramFault if a program at the call ran out of fuel
   */
  openat(path: string, flags: number = O_CREAT | O_RDWR): number {
    const name = new TextEncoder().encode(`${path}\0`);
    return callSyscall(this.#machine, this, "openat", { bytes: name, at: 1 }, [AT_FDCWD, 0, flags, 0], () => {
      if (path === CGROUP_ROOT) return this.fds.install(new CgroupFile(this.#machine.cgroup));
      const error = checkPath(path);
      if (error !== 0) return error;
      this.fds.reserve();
      const node = this.#machine.files.open(path, flags);
      return typeof node === "number" ? node : this.fds.install(new RegularFile(node, flags));
    });
  }

  /**
   * write(2).
   *
   * @returns bytes written, or a negative errno: -EBADF (also of a file that was opened to be read), -EINVAL (not a regular file), what fmod_ret
   * programs say
   * @throws as {@link openat}; MemoryError ENOMEM
   */
  write(fd: number, data: Uint8Array): number {
    return callSyscall(this.#machine, this, "write", { bytes: data, at: 1 }, [fd, 0, data.length], () => {
      const file = this.fds.get(fd);
      if (!(file instanceof RegularFile)) return file === undefined ? -EBADF : -EINVAL;
      return file.write(data);
    });
  }

  /** close(2). @returns 0 or a negative errno: -EBADF, what fmod_ret programs say. @throws as {@link openat} */
  close(fd: number): number {
    return callSyscall(this.#machine, this, "close", undefined, [fd], () => {
      this.fds.close(fd);
      return 0;
    });
  }

  /**
   * socket(2) and what makes the socket of a kind (bind, listen): for socket maps and storage. No program is passed.
   *
   * @returns an fd, or -EMFILE
   * @throws KernelError ESRCH if the process has ended; MemoryError ENOMEM
   */
  socket(kind: SocketKind): number {
    return this.#open(() => {
      const machine = this.#machine;
      const socket = new Socket(machine.memory, kind, machine.nextSocketCookie());
      return new SocketFile(socket, () => {
        objectGone(machine, socket);
        machine.whenIdle(() => machine.memory.free(socket.handle));
      });
    });
  }

  /** SO_COOKIE of a socket: what socket maps answer to look-ups. @throws KernelError EBADF, ENOTSOCK */
  socketCookie(fd: number): bigint {
    const file = this.fds.get(fd);
    if (file === undefined) throw new KernelError(EBADF, `fd ${fd} is not open`);
    if (!(file instanceof SocketFile)) throw new KernelError(ENOTSOCK, `fd ${fd} is a ${file.kind}, expected a socket`);
    return file.socket.cookie;
  }

  /** pidfd_open(2), for task storage. No program is passed. @returns an fd, or -EMFILE, -ESRCH. @throws KernelError ESRCH if this process has ended */
  pidfdOpen(pid: number): number {
    const process = this.#machine.processById(pid);
    if (process === undefined || process.hasEnded) return -ESRCH;
    return this.#open(() => new PidFile(process, process.#pidfdInode()));
  }

  /** What stands for the inode of this process' pidfds. */
  #pidfdInode(): PidInode {
    const inode = (this.#pidInode ??= {
      files: 0,
      onGone: () => {
        this.#pidInode = undefined;
        objectGone(this.#machine, inode);
      },
    });
    return inode;
  }

  #open(make: () => OpenFile): number {
    if (this.hasEnded) throw new KernelError(ESRCH, `process ${this.pid} has ended`);
    try {
      this.fds.reserve();
    } catch (error) {
      if (error instanceof KernelError) return -error.errno;
      throw error;
    }
    return this.fds.install(make());
  }

  /** /proc/<pid>/fdinfo/<fd>, as far as it concerns BPF. @throws KernelError EBADF */
  fdinfo(fd: number): string {
    const file = this.fds.get(fd);
    if (file === undefined) throw new KernelError(EBADF, `fd ${fd} is not open`);
    return fdinfo(file);
  }

  /** The process ends: its files are closed, without passing close(2). Doing it twice is no error. */
  exit(): void {
    const task = this.#taskStruct;
    if (task === 0) return;
    this.#machine.asProcess(this, () => this.fds.closeAll());
    objectGone(this.#machine, this);
    this.#taskStruct = 0;
    this.#machine.whenIdle(() => this.#machine.memory.free(task));
  }
}

/** What fits into `comm`: 15 bytes. */
function truncated(comm: string): string {
  const bytes = new TextEncoder().encode(comm);
  return bytes.length < TASK_COMM_LEN
    ? comm
    : new TextDecoder().decode(bytes.subarray(0, TASK_COMM_LEN - 1)).replace(/\ufffd$/, "");
}
