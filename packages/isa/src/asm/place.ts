import { IsaError } from "../error.ts";

/** Where a piece of assembler text stands; both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** An error about assembler text: its message starts with `line:column: `, its details hold both. */
export function syntaxError(
  place: Place,
  message: string,
  code: "ISA_SYNTAX" | "ISA_LABEL" | "ISA_RANGE" = "ISA_SYNTAX",
): IsaError {
  const { line, column } = place;
  return new IsaError(`${line}:${column}: ${message}`, { code, details: { line, column } });
}
