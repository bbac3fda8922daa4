import { BpfError } from "@bpf-ts/uapi";
import { ESRCH } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import type { Process } from "./process.ts";
import { PT_REGS_SIZE, SYSCALL_ARGS, setReg } from "./pt-regs.ts";

/** Numbers of the system calls, as `orig_ax` shows them. @see v6.18 arch/x86/entry/syscalls/syscall_64.tbl */
const SYSCALL_NUMBERS = { write: 1, close: 3, openat: 257, bpf: 321 } as const;

/** A simulated system call. */
export type SyscallName = keyof typeof SYSCALL_NUMBERS;

/** Bytes that a system call takes by pointer: copied to where programs can read them, as user memory; `at` is the argument's index. */
export interface PointerArg {
  bytes: Uint8Array;
  at: number;
}

/**
 * A process makes a system call: the caller's registers are put into a `struct pt_regs`, the raw tracepoints `sys_enter` and `sys_exit` and the
 * function `__x64_sys_<name>` are passed.
 *
 * @param body what the call does; a thrown BpfError with an errno becomes its negative
 * @returns what the caller sees: fmod_ret programs may have decided it
 */
export function callSyscall(
  machine: Machine,
  process: Process,
  name: SyscallName,
  pointer: PointerArg | undefined,
  args: readonly number[],
  body: () => number,
): number {
  if (process.hasEnded) throw new KernelError(ESRCH, `process ${process.pid} has ended`);
  return machine.asProcess(process, () =>
    machine.scratch.with(pointer?.bytes.length ?? 0, (user) =>
      machine.scratch.with(PT_REGS_SIZE, (regs) => {
        const { memory } = machine;
        if (pointer !== undefined) memory.u8.set(pointer.bytes, user);
        args.forEach((arg, i) => {
          setReg(memory, regs, SYSCALL_ARGS[i]!, BigInt(pointer?.at === i ? user : arg));
        });
        const number = BigInt(SYSCALL_NUMBERS[name]);
        setReg(memory, regs, "orig_ax", number);
        const { cpu } = process;
        machine.rawTracepoints.fire("sys_enter", cpu, [BigInt(regs), number]);
        const ret = machine.functions.call(`__x64_sys_${name}`, cpu, [BigInt(regs)], () => BigInt(errnoResult(body)));
        machine.rawTracepoints.fire("sys_exit", cpu, [BigInt(regs), BigInt.asUintN(64, ret)]);
        return Number(BigInt.asIntN(64, ret));
      }),
    ),
  );
}

function errnoResult(body: () => number): number {
  try {
    return body();
  } catch (error) {
    if (error instanceof BpfError && error.errno !== undefined) return -error.errno;
    throw error;
  }
}
