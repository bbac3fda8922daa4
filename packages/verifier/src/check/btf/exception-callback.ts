import { EEXIST, EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import { reject } from "../../reject.ts";
import type { Env } from "../../state/env.ts";
import { recordCount, wordReader } from "./info-records.ts";

const TAG = "exception_callback:";
const LINKAGE_GLOBAL = 1;

/**
 * First slot of the function that handles exceptions, which a declaration tag of the main program names; 0 if it names none. The function
 * records have been read before.
 *
 * @see v6.18 kernel/bpf/verifier.c, bpf_find_exception_callback_insn_off
 */
export function findExceptionCallback(env: Env): number {
  const { btf } = env;
  const { funcInfo } = env.input;
  const count = recordCount(funcInfo);
  if (btf === undefined || funcInfo === undefined || count === 0) return 0;
  const refuse = (text: string, errno: number = EINVAL): never => reject(env, -1, "btf", errno, text);

  const word = wordReader(funcInfo);
  const tags = btf.declTags(word(0, 4), -1).filter((tag) => tag.name.startsWith(TAG));
  if (tags.length === 0) return 0;
  if (tags.length > 1) refuse("multiple exception callback tags for main subprog", EEXIST);
  const name = tags[0]!.name.slice(TAG.length);
  const func = btf.findByName(name, "func");
  if (func === undefined) return refuse(`exception callback '${name}' could not be found in BTF`, ENOENT);
  // The linkage is in the place of the member count.
  if (btf.vlenOf(func) !== LINKAGE_GLOBAL) refuse(`exception callback '${name}' must have global linkage`);

  let start = 0;
  for (let i = 0; i < count; i++) {
    if (word(i, 4) !== func) continue;
    start = word(i, 0);
    if (start === 0) refuse("invalid exception callback insn_off in func_info: 0");
  }
  return start === 0 ? refuse("exception callback type id not found in func_info") : start;
}
