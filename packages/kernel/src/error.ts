import { BpfError, type BpfErrorOptions } from "@bpf-ts/uapi";
import { errnoName } from "@bpf-ts/uapi/errno-names";

/** What a bpf(2) command or another call into the in-process kernel answers when it fails. `errno` is always set, `code` is its name. */
export class KernelError extends BpfError {
  override readonly name: string = "KernelError";
  declare readonly errno: number;

  constructor(errno: number, message: string, options: Omit<Partial<BpfErrorOptions>, "errno" | "code"> = {}) {
    super(message, { ...options, errno, code: errnoName(errno) });
  }
}

/** A program that the verifier refused: `log` is the verifier's, whole. */
export class VerifierRejection extends KernelError {
  override readonly name: string = "VerifierRejection";
  readonly log: string;

  constructor(
    errno: number,
    message: string,
    log: string,
    options: Omit<Partial<BpfErrorOptions>, "errno" | "code"> = {},
  ) {
    super(errno, message, options);
    this.log = log;
  }
}

/**
 * A program that did not run to its end: it used up its fuel. (Any other fault of a verified program is a defect of this kernel.) What it had done
 * to maps until then stays done.
 */
export class ProgramFault extends BpfError {
  override readonly name: string = "ProgramFault";

  constructor(progId: number, progName: string, fault: Error) {
    super(`program ${progId} (${progName}): ${fault.message}`, {
      code: "PROGRAM_FAULT",
      cause: fault,
      details: { progId, progName },
    });
  }
}
