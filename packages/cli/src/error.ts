import { BpfError, type BpfErrorOptions } from "@bpf-ts/uapi";

/**
 * What a command line can be wrong about.
 *
 * - `USAGE`: arguments that do not go together
 * - `INPUT`: a file that cannot be read, or does not hold what it should
 * - `OUTPUT`: a file that cannot be written
 * - `ROW`: a line of a batch
 */
export type CliErrorCode = "USAGE" | "INPUT" | "OUTPUT" | "ROW";

/** What ends a command with exit code 2, or a line of a batch with the verdict `error`. */
export class CliError extends BpfError {
  override readonly name: string = "CliError";
  declare readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, options: Omit<BpfErrorOptions, "code"> = {}) {
    super(message, { ...options, code });
  }
}
