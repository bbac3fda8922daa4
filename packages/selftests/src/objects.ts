import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ObjectSpec, openObject } from "libbpf-ts";
import { repositoryRoot } from "./progs/build.ts";

/** The committed object of a program of progs/, by its file's name without ending. */
export function readObject(name: string): Uint8Array {
  return readFileSync(join(repositoryRoot(), "packages/selftests/progs", `${name}.o`));
}

/** The same, opened. */
export function openProg(name: string): ObjectSpec {
  return openObject(readObject(name), { name });
}
