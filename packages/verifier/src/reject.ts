import type { Env } from "./state/env.ts";
import type { RejectCode } from "./types.ts";

/**
 * Ends verification with a refusal. Thrown by {@link reject}, caught in pipeline.ts, and where the refusal of a part is not that of the whole. A
 * verdict, not a fault: no Error, because half of all verifications would collect a stack trace that nobody looks at.
 */
export class Rejection {
  readonly insn: number;
  readonly code: RejectCode;
  readonly errno: number;

  constructor(insn: number, code: RejectCode, errno: number) {
    this.insn = insn;
    this.code = code;
    this.errno = errno;
  }
}

/**
 * Refuses the program: logs `text` (no trailing newline; '' logs nothing) and stops.
 *
 * @param insn slot, usually `env.insnIdx`
 * @param errno positive
 */
export function reject(env: Env, insn: number, code: RejectCode, errno: number, text: string): never {
  if (text !== "") env.log.write(`${text}\n`);
  throw new Rejection(insn, code, errno);
}

/** As {@link reject}, for texts that the kernel does not end with a newline: what it logs next follows on the same line. */
export function rejectMidLine(env: Env, insn: number, code: RejectCode, errno: number, text: string): never {
  env.log.write(text);
  throw new Rejection(insn, code, errno);
}

/** A defect of this verifier, never of the program: not caught, never a verdict. */
export function verifierBug(text: string): never {
  throw new Error(`verifier bug: ${text}`);
}
