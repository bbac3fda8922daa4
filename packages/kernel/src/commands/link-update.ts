import type { LinkUpdateAttr } from "@bpf-ts/uapi";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_F_REPLACE } from "@bpf-ts/uapi/prog-flags";
import { KernelError } from "../error.ts";
import type { Process } from "../process/process.ts";
import { linkOf, progOf } from "./files.ts";

/**
 * BPF_LINK_UPDATE.
 *
 * @throws KernelError EINVAL, EBADF, and what the link's kind refuses
 * @see v6.18 kernel/bpf/syscall.c, link_update
 */
export function linkUpdate(process: Process, fd: number, attr: LinkUpdateAttr): void {
  const flags = attr.flags ?? 0;
  if ((flags & ~BPF_F_REPLACE) !== 0) throw new KernelError(EINVAL, `flags ${flags}: only BPF_F_REPLACE is known`);
  const link = linkOf(process, fd);
  const newProg = progOf(process, attr.newProgFd);
  const replaces = (flags & BPF_F_REPLACE) !== 0;
  if (!replaces && (attr.oldProgFd ?? 0) !== 0)
    throw new KernelError(EINVAL, "old_prog_fd must be 0 without BPF_F_REPLACE");
  link.update(newProg, replaces ? progOf(process, attr.oldProgFd ?? 0) : undefined);
}
