import type { Insn } from "@bpf-ts/isa";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { constValue } from "../../../domain/index.ts";
import { reject, verifierBug } from "../../../reject.ts";
import { type Env, reg } from "../../../state/env.ts";
import { constString } from "../arg/const-str.ts";
import type { CallMeta } from "../meta.ts";
import { checkPrintfFormat } from "../printf-format.ts";

/** The format must suit the number of arguments, which are 64-bit words. @see v6.18 kernel/bpf/verifier.c, check_bpf_snprintf_call */
export function checkSnprintf(env: Env, _insn: Insn, _meta: CallMeta): void {
  const bytes = Number(constValue(reg(env, 5).scalar));
  if (bytes % 8 !== 0) reject(env, env.insnIdx, "call", EINVAL, "");
  const fmt = constString(reg(env, 3)) ?? verifierBug("format without end");
  if (checkPrintfFormat(fmt, bytes / 8) !== undefined) {
    reject(env, env.insnIdx, "call", EINVAL, "Invalid format string");
  }
}
