import { BpfError, type BpfErrorOptions } from "@bpf-ts/uapi";

/**
 * What can go wrong with a virtual machine, by `code`.
 *
 * At load: `BAD_INSN` (no such instruction, or fields that it does not allow), `BAD_JUMP` (a target outside of the program or inside an
 * `ld_imm64`), `BAD_LENGTH`, `NO_TARGET` (a call of something that the linkage does not know), `BAD_SUBPROGS`.
 * At start: `BAD_CPU`, `STACK_OVERFLOW`, `NESTING`. At step: `NOT_ON_TOP` (a run that another one on its CPU has to finish before).
 * While running, as {@link VmFault}: `MEMORY`, `OUT_OF_FUEL`, `STACK_OVERFLOW`, `CALL_DEPTH`, `BAD_CALLBACK`, `FELL_OFF`, `NO_PACKET_ACCESS`,
 * `HELPER`.
 */
export class VmError extends BpfError {
  override readonly name: string = "VmError";

  constructor(message: string, options: BpfErrorOptions) {
    super(message, options);
  }
}

/** Where and why a program had to be stopped. */
export interface VmFaultOptions extends BpfErrorOptions {
  /** Slot of the instruction in its executable. */
  insn: number;
  /** For `MEMORY`: the 64-bit address that was computed. */
  address?: bigint;
  /** For `MEMORY`: bytes. */
  size?: number;
  /** For `MEMORY`. */
  access?: "read" | "write";
}

/**
 * A program did something that no verified program does, or used up its fuel. A value: {@link Run.fault} holds it, and the machine goes on.
 * A helper may throw one (see {@link helperFault}) to end the run that called it.
 */
export class VmFault extends VmError {
  override readonly name: string = "VmFault";
  /** Slot of the instruction in its executable. */
  readonly insn: number;
  /** For `MEMORY`: the 64-bit address that was computed. */
  readonly address?: bigint;
  /** For `MEMORY`: bytes. */
  readonly size?: number;
  /** For `MEMORY`. */
  readonly access?: "read" | "write";

  constructor(message: string, options: VmFaultOptions) {
    super(message, options);
    this.insn = options.insn;
    if (options.address !== undefined) this.address = options.address;
    if (options.size !== undefined) this.size = options.size;
    if (options.access !== undefined) this.access = options.access;
  }
}
