import { validateBtf } from "@bpf-ts/btf";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { KernelError, VerifierRejection } from "../error.ts";
import type { Machine } from "../machine.ts";
import { BtfObject } from "../objects/btf-object.ts";
import { BtfFile } from "../process/open-files.ts";
import type { Process } from "../process/process.ts";

/** Levels 1 and 2, statistics, and whether the log may be cut. @see v6.18 include/linux/bpf_verifier.h, BPF_LOG_MASK */
const LOG_MASK = 15;

/**
 * BPF_BTF_LOAD. The log has one level: whichever is asked for gives all of it.
 *
 * @throws VerifierRejection with the kernel's log; KernelError EINVAL (log level), EMFILE
 * @see v6.18 kernel/bpf/btf.c, btf_new_fd; log.c, bpf_vlog_init
 */
export function btfLoad(
  machine: Machine,
  process: Process,
  data: Uint8Array,
  logLevel: number,
): { fd: number; log: string } {
  if ((logLevel & ~LOG_MASK) !== 0)
    throw new KernelError(EINVAL, `log level ${logLevel}: at most ${LOG_MASK} is allowed`);
  const judged = validateBtf(data, { verbose: logLevel !== 0 });
  const log = logLevel === 0 ? "" : judged.log;
  if (!judged.ok) throw new VerifierRejection(judged.errno, `BTF refused: ${lastLine(judged.log)}`, log);
  process.fds.reserve();
  const object = new BtfObject(data, false, (gone) => machine.objects.btf.release(gone.id));
  object.id = machine.objects.btf.allocate(object);
  return { fd: process.fds.install(new BtfFile(object)), log };
}

function lastLine(log: string): string {
  return log.trimEnd().split("\n").at(-1) ?? "";
}
