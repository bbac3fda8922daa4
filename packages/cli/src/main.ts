#!/usr/bin/env node
import { readFileSync, writeFileSync } from "node:fs";
import { runCli } from "./cli.ts";
import { reasonOf } from "./files.ts";
import { EXIT_BROKEN, EXIT_OK, type Output } from "./io.ts";

/** Waits where the reader is slower. A reader who has left ends the program quietly, a full disk with a message. */
function output(stream: NodeJS.WriteStream, name: string): Output {
  stream.on("error", ({ code = "" }: NodeJS.ErrnoException) => {
    if (code === "EPIPE") process.exit(EXIT_OK);
    if (stream !== process.stderr) console.error(`error: cannot write ${name}: ${reasonOf(code)}`);
    process.exit(EXIT_BROKEN);
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
  stdout: output(process.stdout, "standard output"),
  stderr: output(process.stderr, "standard error"),
  readFile: (path) => readFileSync(path === "-" ? 0 : path),
  writeFile: (path, bytes) => writeFileSync(path, bytes),
}).catch((error: unknown) => {
  console.error(error);
  return EXIT_DEFECT;
});
