import type { Executable } from "./executable.ts";
import type { Run } from "./run.ts";

/**
 * The helper calling convention: how a program's calls reach functions outside of it. The interpreter and the compiler share it.
 *
 * - No BigInt and no objects: a helper gets the low 32 bits of R1–R5 as signed 32-bit numbers (addresses: take `>>> 0`), and returns a number
 *   of which the low 32 bits, sign-extended to 64, become R0.
 * - `unsigned`: R0 is zero-extended instead. For results that are `u32` or addresses in a machine above 2 GiB.
 * - `wide: true`: the whole R1–R5 lie at `run.args` as five little-endian u64 when the helper is entered; what it leaves in the first of them
 *   becomes R0, and its return value is ignored.
 * - `wide: "args"`: the same for the arguments, but R0 is the return value as ever.
 * - R1–R5 keep their values over a call of a helper that does not call back. (Programs may not rely on that, rewrites do.)
 * - A helper may allocate memory, run other programs to their end on the same CPU, and free memory that no run in flight can reach. Views of
 *   the memory are stale after each of these.
 * - A helper that throws a {@link VmFault} ends the run with that fault. Anything else that it throws ends the run and reaches the caller of
 *   {@link Run.step}.
 */
export type HelperFn = (run: Run, r1: number, r2: number, r3: number, r4: number, r5: number) => number;

/**
 * A helper that calls functions of the program (`bpf_loop`, `bpf_for_each_map_elem`) is not allowed to recurse into the machine: it returns one
 * of these, and the machine asks it what to call next. So a run can be stopped and resumed inside a callback.
 */
export interface CallbackLoop {
  /**
   * Decides on the next call.
   *
   * @param previousR0 low 32 bits, signed, of what the previous call returned; undefined the first time.
   * @returns the function to call (the value that the program passed: its subprogram's index + 1), after writing its R1–R5 to `run.args` as
   * five little-endian u64; or 0 when the helper is done.
   */
  next(run: Run, previousR0: number | undefined): number;
  /** Read once, after `next` answered 0: becomes R0, sign-extended from 32 bits. */
  readonly result: number;
  /** Called instead of further `next` where the run ends inside a callback, by a fault or an abort: gives back what the loop holds. */
  close?(): void;
}

/** Begins a helper that calls back. The whole R1–R5 lie at `run.args`, as for `wide`. */
export type CallbackFn = (run: Run, r1: number, r2: number, r3: number, r4: number, r5: number) => CallbackLoop;

/** A function that programs can call, as the kernel hands it to {@link Vm.load}. */
export type HelperEntry =
  | { readonly name: string; readonly run: HelperFn; readonly wide?: boolean | "args"; readonly unsigned?: boolean }
  | { readonly name: string; readonly callback: CallbackFn };

/** Where a program's calls lead. Asked once a call instruction, at load; the hooks at run time. */
export interface Linkage {
  /** The helper of a `BPF_FUNC_*` id; undefined (or throwing an `UnsupportedError` that names it) makes the load fail. */
  helper(id: number): HelperEntry | undefined;
  /** The internal function of a name in {@link VerifiedProgram.internalCalls}. */
  internal?(name: string): HelperEntry | undefined;
  /**
   * The kernel function of a call with `src_reg = BPF_PSEUDO_KFUNC_CALL`.
   *
   * @param id the instruction's imm: a type id of the kernel's BTF.
   * @param off the instruction's off: which BTF, 0 = the kernel's own.
   */
  kfunc?(id: number, off: number): HelperEntry | undefined;
  /**
   * `bpf_tail_call`: the program in slot `index` (unsigned) of the map, or undefined for none. The machine keeps the limit of 33.
   *
   * @see v6.18 include/linux/bpf.h, MAX_TAIL_CALL_CNT
   */
  tailCall?(run: Run, ctx: number, map: number, index: number): Executable | undefined;
  /**
   * The legacy packet loads (`BPF_LD | BPF_ABS`, `BPF_LD | BPF_IND`): `size` (1, 2, 4) bytes at `offset` (signed) of the packet that the
   * context at address `ctx` describes, in host order; negative if they do not exist, which ends the function with R0 = 0.
   */
  loadPacket?(run: Run, ctx: number, offset: number, size: number): number;
}

/**
 * Instructions that did not pass a verifier: for tests, tools and teaching. Every access is checked all the same.
 */
export interface RawProgram {
  /** 8 bytes a slot, little endian. `ld_imm64` is taken literally where src_reg is 0, and may name a function (`BPF_PSEUDO_FUNC`). */
  insns: Uint8Array;
  /** Bytes of stack of one activation of each function; 512 by default, as in Linux. Multiple of 8. */
  stackDepth?: number;
}
