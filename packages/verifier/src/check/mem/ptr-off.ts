import { EACCES } from "@bpf-ts/uapi/errno";
import { formatTnum, isConstEqual } from "../../domain/index.ts";
import { regTypeStr } from "../../log/reg-type-str.ts";
import { reject } from "../../reject.ts";
import type { Env } from "../../state/env.ts";
import type { RegState } from "../../state/reg-state.ts";

/**
 * Pointers that may be used only as they were handed out.
 *
 * @see v6.18 kernel/bpf/verifier.c, __check_ptr_off_reg
 */
export function checkPtrOffReg(env: Env, reg: RegState, regno: number, fixedOffOk = false): void {
  const name = regTypeStr(reg.type);
  const refuse = (text: string): never => reject(env, env.insnIdx, "pointer", EACCES, text);
  if (reg.off < 0) refuse(`negative offset ${name} ptr R${regno} off=${reg.off} disallowed`);
  if (!fixedOffOk && reg.off !== 0) refuse(`dereference of modified ${name} ptr R${regno} off=${reg.off} disallowed`);
  if (!isConstEqual(reg.scalar, 0n)) {
    refuse(`variable ${name} access var_off=${formatTnum(reg.scalar.tnum)} disallowed`);
  }
}
