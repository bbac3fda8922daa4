import { BpfError } from "@bpf-ts/uapi";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { commandName } from "@bpf-ts/uapi/names";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import type { Process } from "../process/process.ts";
import { callSyscall } from "../process/syscall.ts";

/**
 * One bpf(2) command of a process: passes `__x64_sys_bpf` and `__sys_bpf` with whatever is attached to them.
 *
 * The commands' attributes are JavaScript values here, so `uattr` is a null pointer and `size` 0 to programs that look.
 *
 * @param cmd `BPF_MAP_CREATE` …
 * @throws KernelError; a program that changes the call's result makes it fail with what it returned
 */
export function runCommand<T>(machine: Machine, process: Process, cmd: number, body: () => T): T {
  let value: { result: T } | undefined;
  let failure: BpfError | undefined;
  const ret = callSyscall(machine, process, "bpf", undefined, [cmd, 0, 0], () =>
    Number(
      machine.functions.call("__sys_bpf", process.cpu, [BigInt(cmd), 0n, 0n, 0n], () => {
        try {
          value = { result: body() };
          return 0n;
        } catch (error) {
          if (!(error instanceof BpfError)) throw error;
          failure = error;
          return BigInt(-(error.errno ?? EINVAL));
        }
      }),
    ),
  );
  if (failure !== undefined && (failure.errno === undefined || ret === -failure.errno)) throw failure;
  if (ret < 0) throw new KernelError(-ret, `${commandName(cmd)}: a program attached to bpf(2) made it fail`);
  if (value === undefined)
    throw new KernelError(EINVAL, `${commandName(cmd)}: a program attached to bpf(2) took its place`);
  return value.result;
}
