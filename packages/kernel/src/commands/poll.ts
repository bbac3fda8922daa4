import { RingMap } from "@bpf-ts/maps";
import { EBADF, EPERM } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";
import type { OpenFile } from "../fd-table.ts";
import { IterFile } from "../process/iter-file.ts";
import { MapFile, OutputEventFile } from "../process/open-files.ts";
import type { Process } from "../process/process.ts";
import { type WaitQueue, watchQueues } from "../process/wait-queue.ts";

function fileOf(process: Process, fd: number): OpenFile {
  const file = process.fds.get(fd);
  if (file === undefined) throw new KernelError(EBADF, `fd ${fd} is not open`);
  return file;
}

/** poll(2) without waiting: those of the fds that are ready. @throws KernelError EBADF */
export function poll(process: Process, fds: readonly number[]): readonly number[] {
  return fds.filter((fd) => isReady(fileOf(process, fd)));
}

/**
 * Ring buffers are readable while they hold records that were not consumed; those of user space are writable while they are not full. Perf events are
 * readable once after each wakeup. Iterators always have something to say.
 */
function isReady(file: OpenFile): boolean {
  if (file instanceof OutputEventFile) return file.event.takeReadable();
  if (file instanceof MapFile) return file.map.map instanceof RingMap && file.map.map.ready;
  return file instanceof IterFile;
}

/** Waiting for fds. @throws KernelError EBADF, EPERM */
export function watch(process: Process, fds: readonly number[], listener: () => void): Disposable {
  return watchQueues(
    [...new Set(fds)].map((fd) => queueOf(fileOf(process, fd), fd)),
    listener,
  );
}

function queueOf(file: OpenFile, fd: number): WaitQueue {
  const queue =
    file instanceof MapFile ? file.map.waitQueue : file instanceof OutputEventFile ? file.event.waitQueue : undefined;
  if (queue === undefined) throw new KernelError(EPERM, `fd ${fd} is a ${file.kind} that nobody can wait for`);
  return queue;
}
