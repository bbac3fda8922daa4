import { EINVAL, ELOOP } from "@bpf-ts/uapi/errno";
import type { BtfKind } from "../kinds.ts";
import type { Input } from "./input.ts";
import type { Log } from "./log.ts";

/** Links of a chain of modifiers. */
const MAX_CHAIN = 32;

const MODIFIERS: ReadonlySet<BtfKind> = new Set(["typedef", "volatile", "const", "restrict", "type_tag"]);

/**
 * In a chain of modifiers all type tags come first. Chains that lead into one that was found good are not followed further.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_check_type_tags
 */
export function checkTypeTags(input: Input, log: Log): void {
  let good = 0;
  for (let id = 1; id < input.typeCount; id++) {
    if (!MODIFIERS.has(input.kind(id))) continue;
    let inTags = input.kind(id) === "type_tag";
    let left = MAX_CHAIN;
    for (let at = id; MODIFIERS.has(input.kind(at)); at = input.third(at)) {
      if (left-- === 0) log.fail(ELOOP, "Max chain length or cycle detected");
      if (input.kind(at) !== "type_tag") inTags = false;
      else if (!inTags) log.fail(EINVAL, "Type tags don't precede modifiers");
      if (at <= good) break;
    }
    good = id;
  }
}
