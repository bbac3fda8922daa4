import { basename } from "node:path";
import { BpfError } from "@bpf-ts/uapi";
import { matchSection, type ObjectSpec, openObject } from "libbpf-ts";
import { CliError } from "../error.ts";
import { readInput } from "../files.ts";
import type { Io } from "../io.ts";

/** The name of the object in a file, as libbpf makes it: the file's without folders and without what follows the first dot. */
export function objectName(path: string): string {
  return basename(path).split(".")[0] ?? "";
}

/** An object file, read. @throws CliError INPUT; LibbpfError; UnsupportedError */
export function readObject(io: Pick<Io, "readFile">, path: string): ObjectSpec {
  const file = readInput(io, path);
  return saying(path, () => openObject(file, { name: objectName(path) }));
}

/** What goes wrong is said with the file's name before it; the error stays the one that it was. */
export function saying<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof BpfError && !error.message.startsWith(`${path}: `))
      error.message = `${path}: ${error.message}`;
    throw error;
  }
}

/** What to do about a program whose section's name says nothing. */
export function unknownSection(section: string): string {
  return `section "${section}" is no name that libbpf knows: --section takes it for another`;
}

/**
 * Takes the programs whose section's name libbpf does not know for programs of the section given.
 *
 * @throws CliError USAGE for a name that it does not know either
 */
export function assumeSection(spec: ObjectSpec, name: string | undefined): void {
  if (name === undefined) return;
  const match = matchSection(name);
  if (match === undefined) throw new CliError("USAGE", `--section ${name}: libbpf knows no section of that name`);
  for (const program of spec.programs.values()) {
    if (program.sectionDef !== undefined) continue;
    program.progType = match.def.progType;
    program.attachType = match.def.attachType;
    program.attachKind = match.def.attach;
    program.attachTarget = match.target;
  }
}
