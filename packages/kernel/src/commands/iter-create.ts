import { EINVAL } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";
import { IterLink } from "../links/iter-link.ts";
import type { Machine } from "../machine.ts";
import { IterFile } from "../process/iter-file.ts";
import type { Process } from "../process/process.ts";
import { linkOf } from "./files.ts";

/** BPF_ITER_CREATE. @throws KernelError EINVAL, EBADF, EMFILE */
export function iterCreate(machine: Machine, process: Process, linkFd: number, flags: number): number {
  if (flags !== 0) throw new KernelError(EINVAL, `flags ${flags}: must be 0`);
  const link = linkOf(process, linkFd);
  if (!(link instanceof IterLink)) throw new KernelError(EINVAL, `fd ${linkFd} is no link of an iterator`);
  process.fds.reserve();
  return process.fds.install(new IterFile(machine, link));
}
