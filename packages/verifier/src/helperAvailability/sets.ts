/** Ways to write sets of helpers down. */
import { perfmonCapable } from "../progType/fields.ts";
import type { GrantRule, HelperSet } from "./types.ts";

/** Helpers granted by their own prototypes, then those with a rule. */
export function helperSet(
  own: readonly number[],
  rules: readonly (readonly [id: number, rule: GrantRule])[] = [],
): HelperSet {
  return new Map<number, GrantRule>([...own.map((id) => [id, true] as const), ...rules]);
}

/** By its own prototype for loaders with CAP_PERFMON, else not at all. */
export const BY_PERFMON: GrantRule = (facts) => perfmonCapable(facts);
