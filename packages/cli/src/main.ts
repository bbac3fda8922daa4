#!/usr/bin/env node
import { readFileSync, writeFileSync } from "node:fs";
import { runCli } from "./cli.ts";
import type { Output } from "./io.ts";

/** Waits where the reader is slower; a reader who has left ends the program quietly. */
function output(stream: NodeJS.WriteStream): Output {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
  return {
    write: (chunk) =>
      stream.write(chunk) ? undefined : new Promise<void>((resolve) => stream.once("drain", () => resolve())),
  };
}

/** What sysexits.h calls EX_SOFTWARE: a defect of this program, not an answer. */
const EXIT_DEFECT = 70;

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  stdin: process.stdin,
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  readFile: (path) => readFileSync(path === "-" ? 0 : path),
  writeFile: (path, bytes) => writeFileSync(path, bytes),
}).catch((error: unknown) => {
  console.error(error);
  return EXIT_DEFECT;
});
