import { EINVAL } from "@bpf-ts/uapi/errno";
import { reject } from "../../../reject.ts";
import { type Env, reg } from "../../../state/env.ts";
import { isRegNull } from "../../reg-arg.ts";

/** The flags must be 0: the helper has no way to answer an error. */
export function checkGetLocalStorage(env: Env): void {
  if (!isRegNull(reg(env, 2))) {
    reject(env, env.insnIdx, "call", EINVAL, "get_local_storage() doesn't support non-zero flags");
  }
}
