import { readFileSync } from "node:fs";
import { runCli } from "../src/index.ts";
import type { ExitCode, Io } from "../src/io.ts";

/** What a command left behind. */
export interface Outcome {
  code: ExitCode;
  out: string;
  err: string;
  /** Files that it wrote. */
  written: Map<string, Uint8Array>;
}

/** A committed object. */
export function objectFile(name: string): Uint8Array {
  return readFileSync(new URL(`../../selftests/progs/${name}.o`, import.meta.url));
}

/** `NAME.o` of the committed objects, and the files given; nothing else exists. */
export function readerOf(files: Readonly<Record<string, Uint8Array | string>>): Io["readFile"] {
  return (path) => {
    const given = files[path];
    if (given !== undefined) return typeof given === "string" ? new TextEncoder().encode(given) : given;
    if (/^\w+\.o$/.test(path)) return objectFile(path.slice(0, -2));
    throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
  };
}

/** Runs a command line without a process. Nothing can be written to `full/`. */
export async function cli(
  argv: readonly string[],
  world: { files?: Readonly<Record<string, Uint8Array | string>>; stdin?: AsyncIterable<Uint8Array> } = {},
): Promise<Outcome> {
  const outcome: Outcome = { code: 0, out: "", err: "", written: new Map() };
  const text = (chunk: string | Uint8Array): string =>
    typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk);
  outcome.code = await runCli({
    argv,
    stdin: world.stdin ?? chunks(),
    stdout: {
      write(chunk) {
        outcome.out += text(chunk);
      },
    },
    stderr: {
      write(chunk) {
        outcome.err += text(chunk);
      },
    },
    readFile: readerOf(world.files ?? {}),
    writeFile(path, bytes) {
      if (path.startsWith("full/")) throw Object.assign(new Error(`ENOSPC: ${path}`), { code: "ENOSPC" });
      outcome.written.set(path, bytes);
    },
  });
  return outcome;
}

/** A stream of the given pieces. */
export async function* chunks(...pieces: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
}
