import { ERRNO_NAMES } from "./generated/errno-table.ts";

/**
 * The name of an errno, e.g. `EINVAL` for 22.
 *
 * @param errno positive; a negated one (as helpers return) is taken by its absolute value.
 * @returns the name, or `errno 4000` for a number that Linux does not name.
 */
export function errnoName(errno: number): string {
  const positive = Math.abs(errno);
  return ERRNO_NAMES[positive] ?? `errno ${positive}`;
}
