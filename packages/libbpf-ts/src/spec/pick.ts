import { LibbpfError } from "../error.ts";

/** @throws LibbpfError NOT_FOUND, naming what there is */
export function pick<T>(among: ReadonlyMap<string, T>, name: string, what: string): T {
  const found = among.get(name);
  if (found === undefined) {
    const names = [...among.keys()].join(", ");
    throw new LibbpfError(
      "NOT_FOUND",
      `no ${what} is named "${name}": there ${among.size === 1 ? "is" : "are"} ${names === "" ? "none" : names}`,
    );
  }
  return found;
}
