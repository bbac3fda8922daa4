import type { Bpf } from "@bpf-ts/uapi";
import { UnsupportedError } from "@bpf-ts/uapi";
import { EBADF, EBUSY, EINVAL, ESRCH } from "@bpf-ts/uapi/errno";
import type { KernelProfile } from "@bpf-ts/verifier";
import { KernelError } from "./error.ts";
import { type KernelOptions, Machine } from "./machine.ts";
import { BtfObject } from "./objects/btf-object.ts";
import { IterFile } from "./process/iter-file.ts";
import { Process, type ProcessOptions } from "./process/process.ts";
import type { Clock } from "./time/clock.ts";
import type { TraceLog } from "./trace-log.ts";

/** The first process' id. */
const FIRST_PID = 1000;

/**
 * An in-process kernel. `kernel.bpf` is bpf(2) as its first process calls it; other processes are made by {@link Kernel.spawn}. Nothing in it
 * depends on the host's time, CPUs or randomness.
 */
export class Kernel implements Disposable {
  readonly #machine: Machine;
  /** The first process: who loads, by default. */
  readonly init: Process;
  #nextPid = FIRST_PID;
  #isDisposed = false;

  /** @throws UnsupportedError without WebAssembly; MemoryError ENOMEM */
  constructor(options: KernelOptions = {}) {
    if (typeof WebAssembly === "undefined") throw new UnsupportedError("WebAssembly");
    this.#machine = new Machine(options);
    const { objects, kernelBtf } = this.#machine;
    const vmlinux = new BtfObject(kernelBtf.bytes, true, () => {});
    vmlinux.id = objects.btf.allocate(vmlinux);
    this.init = this.spawn({ comm: "init" });
    this.#machine.current = this.init;
    announce(this);
  }

  /** bpf(2) by the first process. */
  get bpf(): Bpf {
    return this.init.bpf;
  }

  /** What programs take the time from. */
  get clock(): Clock {
    return this.#machine.clock;
  }

  /** What its verifier goes by: to verify without loading. */
  get profile(): KernelProfile {
    return this.#machine.profile;
  }

  /** What programs print by bpf_trace_printk. */
  get traceLog(): TraceLog {
    return this.#machine.traceLog;
  }

  /** All that were made, the ended ones too; {@link Kernel.init} is the first. */
  get processes(): readonly Process[] {
    return this.#machine.processes;
  }

  /** A new process. @throws KernelError EINVAL (no such CPU), ESRCH (the kernel is disposed); MemoryError ENOMEM */
  spawn(options: ProcessOptions = {}): Process {
    if (this.#isDisposed) throw new KernelError(ESRCH, "the kernel is disposed");
    const process = new Process(this.#machine, this.#nextPid, options);
    this.#nextPid++;
    this.#machine.processes.push(process);
    return process;
  }

  /**
   * One element of an iterator: the finest step that is offered between two others.
   *
   * @param fd of a running iterator, of the process given (the first one by default)
   * @returns false after the last
   * @throws KernelError EBADF, EINVAL
   */
  stepIterator(fd: number, process: Process = this.init): boolean {
    const file = process.fds.get(fd);
    if (file === undefined) throw new KernelError(EBADF, `fd ${fd} is not open`);
    if (!(file instanceof IterFile)) throw new KernelError(EINVAL, `fd ${fd} is a ${file.kind}, expected an iterator`);
    return this.#machine.asProcess(process, () => file.step(process.cpu));
  }

  /** Bytes of the machine's memory in use. */
  get liveBytes(): number {
    return this.#machine.memory.liveBytes;
  }

  /** Objects that are alive, and fds that are open: nothing, once everything was closed. What leak checks look at. */
  describeLive(): string[] {
    const fds = this.#machine.processes.flatMap((process) =>
      process.fds.entries().map(([fd, file]) => `fd ${fd} of process ${process.pid}: ${file.kind}`),
    );
    return [...this.#machine.objects.describeLive(), ...this.#machine.outputEvents.describeLive(), ...fds];
  }

  /** Ends all processes and gives the memory back. Doing it twice is no error. @throws KernelError EBUSY while a program runs */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    if (this.#machine.maps.busy) throw new KernelError(EBUSY, "the kernel can't be disposed while a program runs");
    this.#isDisposed = true;
    for (const process of this.#machine.processes) process.exit();
    this.#machine[Symbol.dispose]();
  }
}

/**
 * Makes an in-process kernel. Dispose it to give its memory back.
 *
 * @throws UnsupportedError without WebAssembly; MemoryError ENOMEM if `memoryLimit` is too small for the kernel itself
 */
export function createKernel(options: KernelOptions = {}): Kernel {
  return new Kernel(options);
}

/** Tells a test's leak check, if there is one, that a kernel was made. */
function announce(kernel: Kernel): void {
  const watcher: unknown = Reflect.get(globalThis, Symbol.for("bpf-ts.kernel-created"));
  if (typeof watcher === "function") watcher(kernel);
}
