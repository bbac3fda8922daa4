import { type TestRunAttr, type TestRunResult, UnsupportedError } from "@bpf-ts/uapi";
import { ENOSPC, ENOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_TRACE_MAP } from "@bpf-ts/uapi/map-trace";
import { progTypeName } from "@bpf-ts/uapi/names";
import {
  BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_NETFILTER,
  BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
  BPF_PROG_TYPE_SK_LOOKUP,
  BPF_PROG_TYPE_TRACING,
} from "@bpf-ts/uapi/prog-types";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import type { Process } from "../process/process.ts";
import { TEST_RUNNERS } from "../test-run/table.ts";
import { progOf } from "./files.ts";

/** Types that Linux test-runs and this kernel does not. */
const UNSUPPORTED: ReadonlySet<number> = new Set([
  BPF_PROG_TYPE_FLOW_DISSECTOR,
  BPF_PROG_TYPE_NETFILTER,
  BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
  BPF_PROG_TYPE_SK_LOOKUP,
  BPF_PROG_TYPE_TRACING,
]);

/** BPF_PROG_TEST_RUN. @throws KernelError, ProgramFault, UnsupportedError */
export function progTestRun(machine: Machine, process: Process, fd: number, attr: TestRunAttr): TestRunResult {
  const prog = progOf(process, fd);
  const run = TEST_RUNNERS.get(prog.progType);
  if (run === undefined) {
    if (UNSUPPORTED.has(prog.progType) && prog.expectedAttachType !== BPF_TRACE_MAP)
      throw new UnsupportedError(`test runs of ${progTypeName(prog.progType)} programs`);
    throw new KernelError(ENOTSUPP, `${progTypeName(prog.progType)} programs cannot be test-run`);
  }
  const result = run(machine, prog, process.cpu, attr);
  // Without a size the output is taken whole.
  const room = attr.dataSizeOut ?? 0;
  if (room !== 0 && result.dataOut.length > room) {
    throw new KernelError(ENOSPC, `output of ${result.dataOut.length} bytes, room for ${room}`, {
      details: { retval: result.retval },
    });
  }
  return result;
}
