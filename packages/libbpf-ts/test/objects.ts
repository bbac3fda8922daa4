/// <reference types="node" />
import { readFileSync } from "node:fs";

/** A committed object, compiled by clang from the C file of the same name. A Buffer, as Node's users have it. */
export function readProg(name: string): Buffer {
  return readFileSync(new URL(`../../selftests/progs/${name}.o`, import.meta.url));
}

export function hex(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "none" : Buffer.from(bytes).toString("hex");
}
