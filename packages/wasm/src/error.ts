import { BpfError } from "@bpf-ts/uapi";

/**
 * What can be wrong with a module that is being built:
 * - `INDEX`: a local, type, function, global, table or memory that the module does not have.
 * - `LABEL`: a label whose block is not open here.
 * - `TYPE`: operands of another type, or fewer or more of them, than an instruction or a block takes or leaves.
 * - `STRUCTURE`: `else` without `if`, code behind a function's `end`, a function that was never ended.
 * - `OPCODE`: a number that is none of the instructions a method takes.
 * - `RANGE`: a constant, offset, alignment or size outside what its field holds.
 * - `ORDER`: an import behind the first definition of its kind.
 * - `NAME`: a string that is no Unicode text, or an export's name used twice.
 * - `LIMIT`: beyond what engines accept.
 */
export type WasmErrorCode = "INDEX" | "LABEL" | "TYPE" | "STRUCTURE" | "OPCODE" | "RANGE" | "ORDER" | "NAME" | "LIMIT";

/** A module was built wrongly; `code` says in which way ({@link WasmErrorCode}), the message says where. */
export class WasmError extends BpfError {
  override readonly name: string = "WasmError";
  declare readonly code: WasmErrorCode;

  constructor(code: WasmErrorCode, message: string) {
    super(message, { code });
  }
}
