import { gunzipSync } from "node:zlib";
import { CliError } from "./error.ts";
import type { Io } from "./io.ts";

/** A whole file, unpacked if it is gzip's. @throws CliError INPUT */
export function readInput(io: Pick<Io, "readFile">, path: string): Uint8Array {
  const bytes = read(io, path);
  return unpack(bytes, path);
}

/** The first of several files that exists. @throws CliError INPUT */
export function readFirst(io: Pick<Io, "readFile">, paths: readonly [string, ...string[]]): Uint8Array {
  for (const path of paths.slice(0, -1)) {
    try {
      return unpack(io.readFile(path), path);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw failure(path, error);
    }
  }
  return readInput(io, paths.at(-1)!);
}

function read(io: Pick<Io, "readFile">, path: string): Uint8Array {
  try {
    return io.readFile(path);
  } catch (error) {
    throw failure(path, error);
  }
}

function unpack(bytes: Uint8Array, path: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new CliError(
      "INPUT",
      `${path}: broken gzip file: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}

/** Writes a whole file. @throws CliError OUTPUT */
export function writeOutput(io: Pick<Io, "writeFile">, path: string, bytes: Uint8Array): void {
  try {
    io.writeFile(path, bytes);
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new CliError("OUTPUT", `cannot write ${path}: ${reasonOf(code)}`, { cause: error });
  }
}

function failure(path: string, error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof CliError || code === undefined) return error;
  return new CliError("INPUT", `cannot read ${path}: ${reasonOf(code)}`, { cause: error });
}

function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** What a code of Node's for a failed system call means, in words. */
export function reasonOf(code: string): string {
  return REASONS.get(code) ?? code;
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "no such file"],
  ["ENOTDIR", "a part of its path is no directory"],
  ["EISDIR", "it is a directory"],
  ["EACCES", "permission denied"],
  ["EROFS", "the file system is read-only"],
  ["ENOSPC", "no space left on the device"],
]);
