/**
 * Runs BPF instructions: an interpreter that can stop and resume, with fuel and checked memory.
 */
export type {
  CallbackFn,
  CallbackLoop,
  HelperEntry,
  HelperFn,
  Linkage,
  RawProgram,
} from "./calling-convention.ts";
export { VmError, VmFault, type VmFaultOptions } from "./error.ts";
export type { Executable, Subprog } from "./executable.ts";
export type { Run, RunResult, RunStatus, RunValue, StepHook } from "./run.ts";
export { type StartOptions, Vm, type VmOptions } from "./vm.ts";
