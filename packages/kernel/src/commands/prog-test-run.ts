import type { TestRunAttr, TestRunResult } from "@bpf-ts/uapi";
import { EINVAL, ENOSPC, ENOTSUPP } from "@bpf-ts/uapi/errno";
import { progTypeName } from "@bpf-ts/uapi/names";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import type { Process } from "../process/process.ts";
import { TEST_RUNNERS } from "../test-run/table.ts";
import { progOf } from "./files.ts";

/** BPF_PROG_TEST_RUN. @throws KernelError, ProgramFault */
export function progTestRun(machine: Machine, process: Process, fd: number, attr: TestRunAttr): TestRunResult {
  const prog = progOf(process, fd);
  const run = TEST_RUNNERS.get(prog.progType);
  if (run === undefined) throw new KernelError(ENOTSUPP, `${progTypeName(prog.progType)} programs cannot be test-run`);
  const cpu = attr.cpu ?? process.cpu;
  if (cpu < 0 || cpu >= machine.cpus) throw new KernelError(EINVAL, `cpu ${cpu}: this kernel has ${machine.cpus}`);
  const result = run(machine, prog, cpu, attr);
  const room = attr.dataSizeOut;
  if (room !== undefined && result.dataOut.length > room) {
    throw new KernelError(ENOSPC, `output of ${result.dataOut.length} bytes, room for ${room}`, {
      details: { retval: result.retval },
    });
  }
  return result;
}
