import { BpfError, type BpfErrorOptions } from "@bpf-ts/uapi";

/**
 * What kind of failure an {@link IsaError} is.
 *
 * - `ISA_LENGTH`: a byte string that is no whole number of 8-byte slots.
 * - `ISA_RANGE`: a field or operand that the wire format cannot hold.
 * - `ISA_OPERAND`: operands that no instruction combines.
 * - `ISA_SYNTAX`: assembler text that is no instruction.
 * - `ISA_LABEL`: a label that is missing, defined twice or too far away.
 */
export type IsaErrorCode = "ISA_LENGTH" | "ISA_RANGE" | "ISA_OPERAND" | "ISA_SYNTAX" | "ISA_LABEL";

/** Every failure that this package reports. Which one it is stands in `code`. */
export class IsaError extends BpfError {
  override readonly name: string = "IsaError";
  declare readonly code: IsaErrorCode;

  constructor(message: string, options: BpfErrorOptions & { code: IsaErrorCode }) {
    super(message, options);
  }
}
