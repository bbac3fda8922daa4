import { BpfError } from "@bpf-ts/uapi";
import { type KernelProfile, verify } from "@bpf-ts/verifier";
import { CliError } from "../error.ts";
import { rowInput, type TypeSource } from "./input.ts";
import { splitLines } from "./lines.ts";
import { parseRow } from "./parse-row.ts";
import { type BatchRecord, errorRecord, verdictRecord } from "./record.ts";

/** Longest line that is read, in bytes: a program of a million instructions has 16 MB. */
const MAX_LINE = 256 * 1024 * 1024;

/** What a batch needs. */
export interface BatchContext {
  /** Rows, a line each. */
  readonly lines: AsyncIterable<Uint8Array>;
  readonly types: TypeSource;
  readonly profile: KernelProfile;
  /** Takes one answer a line, in the lines' order; is awaited. */
  write(record: BatchRecord): void | Promise<void>;
}

const utf8: InstanceType<typeof TextDecoder> = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Verifies programs from a stream, one at a time: memory is needed for one line and for the types that were used last. Whatever a line is like, it
 * gets one answer and the next one is read.
 *
 * @returns the number of lines
 */
export async function runBatch(context: BatchContext): Promise<number> {
  let number = 0;
  for await (const line of splitLines(context.lines, MAX_LINE)) {
    number++;
    await context.write("tooLong" in line ? tooLong(line.tooLong, number) : answer(line, number, context));
  }
  return number;
}

function tooLong(bytes: number, line: number): BatchRecord {
  return errorRecord(null, line, `a line of ${bytes} bytes: at most ${MAX_LINE} are read`);
}

function answer(bytes: Uint8Array, line: number, { types, profile }: BatchContext): BatchRecord {
  let id: string | null = null;
  try {
    const row = parseRow(decode(bytes));
    id = row.id;
    const input = rowInput(row, types, row.log_level ?? 1);
    const start = performance.now();
    const verdict = verify(input, profile);
    return verdictRecord(id, verdict, Math.round((performance.now() - start) * 1000));
  } catch (error) {
    return errorRecord(id, line, messageOf(error));
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new CliError("ROW", "no UTF-8", { cause });
  }
}

/** Our own defects are told apart by their kind: an answer that names them is better than none for the lines that follow. */
function messageOf(error: unknown): string {
  if (error instanceof BpfError) return error.message;
  if (error instanceof Error) return `internal error: ${error.name}: ${error.message}`;
  return `internal error: ${String(error)}`;
}
