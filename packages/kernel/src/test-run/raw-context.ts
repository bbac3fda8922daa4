import type { TestRunAttr, TestRunResult } from "@bpf-ts/uapi";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import type { ProgObject } from "../objects/prog-object.ts";
import { repeatRun } from "./repeat.ts";

/** MAX_BPF_FUNC_ARGS words. */
const MAX_CONTEXT = 12 * 8;

/**
 * BPF_PROG_TEST_RUN of raw tracepoint programs: `ctx_in` holds the arguments, 8 bytes each.
 *
 * @see v6.18 net/bpf/test_run.c, bpf_prog_test_run_raw_tp
 */
export function testRunRawTracepoint(
  machine: Machine,
  prog: ProgObject,
  cpu: number,
  attr: TestRunAttr,
): TestRunResult {
  if (attr.dataIn !== undefined || (attr.repeat ?? 0) !== 0)
    throw new KernelError(EINVAL, "raw tracepoints take neither data_in nor repeat");
  const ctxIn = attr.ctxIn ?? new Uint8Array(0);
  if (ctxIn.length > MAX_CONTEXT)
    throw new KernelError(EINVAL, `ctx_in of ${ctxIn.length} bytes: at most ${MAX_CONTEXT}`);
  return machine.scratch.with(MAX_CONTEXT, (ctx) => {
    machine.memory.u8.set(ctxIn, ctx);
    const { retval, durationNs } = repeatRun(machine, prog, ctx, cpu, attr);
    return { retval, durationNs, dataOut: new Uint8Array(0), ctxOut: new Uint8Array(0) };
  });
}

/** BPF_PROG_TEST_RUN of syscall programs: `ctx_in` is the context, read and written. @see v6.18 net/bpf/test_run.c, bpf_prog_test_run_syscall */
export function testRunSyscall(machine: Machine, prog: ProgObject, cpu: number, attr: TestRunAttr): TestRunResult {
  if (attr.dataIn !== undefined || (attr.repeat ?? 0) !== 0)
    throw new KernelError(EINVAL, "syscall programs take neither data_in nor repeat");
  const ctxIn = attr.ctxIn ?? new Uint8Array(0);
  return machine.scratch.with(Math.max(ctxIn.length, 8), (ctx) => {
    machine.memory.u8.set(ctxIn, ctx);
    const { retval, durationNs } = repeatRun(machine, prog, ctx, cpu, attr);
    return { retval, durationNs, dataOut: new Uint8Array(0), ctxOut: machine.memory.read(ctx, ctxIn.length) };
  });
}
