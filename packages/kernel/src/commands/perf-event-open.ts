import { type PerfEventAttr, UnsupportedError } from "@bpf-ts/uapi";
import { EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import { OutputEventFile, PerfEventFile } from "../process/open-files.ts";
import type { Process } from "../process/process.ts";

/** perf_event_open(2), for probes on functions and for what programs output. @throws KernelError ENOENT, EINVAL, EMFILE; UnsupportedError */
export function perfEventOpen(machine: Machine, process: Process, attr: PerfEventAttr): number {
  if (attr.kind === "bpf-output") {
    const { cpu, wakeupEvents = 1 } = attr;
    if (!Number.isInteger(cpu) || cpu < 0 || cpu >= machine.cpus)
      throw new KernelError(EINVAL, `perf event on CPU ${cpu}: this kernel has ${machine.cpus}`);
    process.fds.reserve();
    return process.fds.install(new OutputEventFile(machine.outputEvents.create({ cpu, wakeupEvents })));
  }
  if (attr.kind === "tracepoint") throw new UnsupportedError(`tracepoint ${attr.category}/${attr.name}`);
  const fn = machine.functions.get(attr.func);
  if (fn === undefined) throw new KernelError(ENOENT, `no function "${attr.func}" in this kernel`);
  if ((attr.offset ?? 0) !== 0) throw new UnsupportedError(`a probe inside a function (${attr.func}+${attr.offset})`);
  return process.fds.install(new PerfEventFile(fn, attr.retprobe));
}
