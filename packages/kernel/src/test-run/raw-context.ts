import type { TestRunAttr, TestRunResult } from "@bpf-ts/uapi";
import { EINVAL, ENXIO } from "@bpf-ts/uapi/errno";
import { BPF_F_TEST_RUN_ON_CPU } from "@bpf-ts/uapi/prog-flags";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import type { ProgObject } from "../objects/prog-object.ts";

/** MAX_BPF_FUNC_ARGS words. */
const MAX_ARGS = 12 * 8;
const U16_MAX = 0xffff;

/** The context's bytes: no fewer than the program may touch. @throws KernelError EINVAL */
function contextOf(prog: ProgObject, attr: TestRunAttr, max: number): Uint8Array {
  const ctx = attr.ctxIn ?? new Uint8Array(0);
  const min = prog.program.maxCtxOffset ?? 0;
  if (attr.ctxIn?.length === 0 || ctx.length < min || ctx.length > max) {
    throw new KernelError(
      EINVAL,
      `ctx_in of ${ctx.length} bytes: ${prog.describe()} touches ${min}, at most ${max} are allowed`,
    );
  }
  return ctx;
}

function refuseData(attr: TestRunAttr, what: string): void {
  if (attr.dataIn !== undefined || (attr.dataSizeOut ?? 0) !== 0 || (attr.repeat ?? 0) !== 0)
    throw new KernelError(EINVAL, `${what} programs take neither data nor repeat`);
}

/**
 * BPF_PROG_TEST_RUN of raw tracepoint programs: `ctx_in` holds the arguments, 8 bytes each. The program does not change them.
 *
 * @throws KernelError EINVAL, ENXIO (no such CPU)
 * @see v6.18 net/bpf/test_run.c, bpf_prog_test_run_raw_tp
 */
export function testRunRawTracepoint(
  machine: Machine,
  prog: ProgObject,
  cpu: number,
  attr: TestRunAttr,
): TestRunResult {
  refuseData(attr, "raw tracepoint");
  const ctxIn = contextOf(prog, attr, MAX_ARGS);
  const isOnCpu = ((attr.flags ?? 0) & BPF_F_TEST_RUN_ON_CPU) !== 0;
  const wanted = attr.cpu ?? 0;
  if (!isOnCpu && wanted !== 0) throw new KernelError(EINVAL, "cpu needs BPF_F_TEST_RUN_ON_CPU");
  if (isOnCpu && (!Number.isInteger(wanted) || wanted < 0 || wanted >= machine.cpus))
    throw new KernelError(ENXIO, `cpu ${wanted}: this kernel has ${machine.cpus}`);
  return { ...run(machine, prog, isOnCpu ? wanted : cpu, ctxIn), ctxOut: new Uint8Array(0) };
}

/**
 * BPF_PROG_TEST_RUN of syscall programs: `ctx_in` is the context, read and written.
 *
 * @throws KernelError EINVAL
 * @see v6.18 net/bpf/test_run.c, bpf_prog_test_run_syscall
 */
export function testRunSyscall(machine: Machine, prog: ProgObject, cpu: number, attr: TestRunAttr): TestRunResult {
  refuseData(attr, "syscall");
  if ((attr.flags ?? 0) !== 0) throw new KernelError(EINVAL, "flags must be 0 for syscall programs");
  return run(machine, prog, cpu, contextOf(prog, attr, U16_MAX));
}

function run(machine: Machine, prog: ProgObject, cpu: number, ctxIn: Uint8Array): TestRunResult {
  return machine.scratch.with(ctxIn.length, (ctx) => {
    machine.memory.u8.set(ctxIn, ctx);
    // Without bytes the context is a null pointer.
    const retval = machine.runner.run(prog, ctxIn.length === 0 ? 0 : ctx, cpu).r0Lo >>> 0;
    return { retval, durationNs: 0, dataOut: new Uint8Array(0), ctxOut: machine.memory.read(ctx, ctxIn.length) };
  });
}
