import { LibbpfError } from "../error.ts";

/** Names that an error lists at most. */
const MAX_LISTED = 20;

/** @throws LibbpfError NOT_FOUND, naming what there is */
export function pick<T>(among: ReadonlyMap<string, T>, name: string, what: string): T {
  const found = among.get(name);
  if (found !== undefined) return found;
  throw new LibbpfError("NOT_FOUND", `no ${what} is named "${name}": there ${listNames(among)}`);
}

/** `is none`, `is a`, `are a, b and 17 more`: what a sentence about names ends with. */
export function listNames(among: ReadonlyMap<string, unknown>): string {
  const names = [...among.keys()];
  const rest = names.length - MAX_LISTED;
  const shown = `${names.slice(0, MAX_LISTED).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
  return `${names.length > 1 ? "are" : "is"} ${shown === "" ? "none" : shown}`;
}
