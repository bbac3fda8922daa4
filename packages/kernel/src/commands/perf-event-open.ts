import { type PerfEventAttr, UnsupportedError } from "@bpf-ts/uapi";
import { ENOENT } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import { PerfEventFile } from "../process/open-files.ts";
import type { Process } from "../process/process.ts";

/** perf_event_open(2), for probes on functions. @throws KernelError ENOENT, EMFILE; UnsupportedError */
export function perfEventOpen(machine: Machine, process: Process, attr: PerfEventAttr): number {
  if (attr.kind === "tracepoint") throw new UnsupportedError(`tracepoint ${attr.category}/${attr.name}`);
  const fn = machine.functions.get(attr.func);
  if (fn === undefined) throw new KernelError(ENOENT, `no function "${attr.func}" in this kernel`);
  if ((attr.offset ?? 0) !== 0) throw new UnsupportedError(`a probe inside a function (${attr.func}+${attr.offset})`);
  return process.fds.install(new PerfEventFile(fn, attr.retprobe));
}
