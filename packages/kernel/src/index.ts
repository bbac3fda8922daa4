/** An in-process kernel for BPF programs. */
export { KernelError, ProgramFault, VerifierRejection } from "./error.ts";
export { createKernel, Kernel } from "./kernel.ts";
export type { KernelOptions } from "./machine.ts";
export { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from "./process/files.ts";
export { AT_FDCWD, Process, type ProcessOptions } from "./process/process.ts";
export type { SocketKind } from "./process/sockets.ts";
export { SeededRandom } from "./random.ts";
export { type Clock, DeterministicClock } from "./time/clock.ts";
export type { TraceLog } from "./trace-log.ts";
