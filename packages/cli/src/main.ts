#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { mapDiff } from "./commands/map-diff.ts";

const [noun, verb, ...rest] = process.argv.slice(2);
if (noun === "map" && verb === "diff") {
  process.exitCode = await mapDiff(rest, { stdout: process.stdout, stderr: process.stderr, readFile: readFileSync });
} else {
  process.stderr.write("Usage: bpf-ts map diff [--json] OLD.o NEW.o\n");
  process.exitCode = 2;
}
