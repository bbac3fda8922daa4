import { EBADF } from "@bpf-ts/uapi/errno";
import { reject } from "../../reject.ts";
import type { Env } from "../../state/env.ts";
import { checkAbnormalReturn, type FuncInfoRecord, matchFuncInfo, readFuncInfo } from "./func-info.ts";
import { recordCount } from "./info-records.ts";
import { readLineInfo } from "./line-info.ts";

/**
 * A program's own type information: function records name its functions' types, line records its source lines. They are checked in two
 * steps, because the first function records must be known before subprograms are looked for (exception callbacks are named there).
 */

/** @see v6.18 kernel/bpf/verifier.c, check_btf_info_early */
export function checkBtfInfoEarly(env: Env): readonly FuncInfoRecord[] {
  const { input } = env;
  if (recordCount(input.funcInfo) === 0 && recordCount(input.lineInfo) === 0) {
    checkAbnormalReturn(env);
    return [];
  }
  if (input.btf === undefined) reject(env, -1, "btf", EBADF, "");
  return readFuncInfo(env, input.btf);
}

/**
 * Notes what the records say in `env`: names and types of the subprograms, source lines.
 *
 * @param funcInfo What {@link checkBtfInfoEarly} answered.
 * @see v6.18 kernel/bpf/verifier.c, check_btf_info
 */
export function checkBtfInfo(env: Env, funcInfo: readonly FuncInfoRecord[]): void {
  const { input } = env;
  if (input.btf === undefined || (recordCount(input.funcInfo) === 0 && recordCount(input.lineInfo) === 0)) {
    checkAbnormalReturn(env);
    return;
  }
  matchFuncInfo(env, input.btf, funcInfo);
  env.hasFuncInfo = funcInfo.length !== 0;
  env.lineInfo = readLineInfo(env, input.btf);
}
