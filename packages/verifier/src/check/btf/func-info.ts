import type { Btf } from "@bpf-ts/btf";
import { E2BIG, EINVAL } from "@bpf-ts/uapi/errno";
import { reject, rejectMidLine } from "../../reject.ts";
import type { Env } from "../../state/env.ts";
import { hasNonzeroTail, recordCount, wordReader } from "./info-records.ts";
import { isAnyEnum, isSmallInt } from "./type-class.ts";

/** One `struct bpf_func_info`: which function begins where. */
export interface FuncInfoRecord {
  /** First slot. */
  readonly insnOff: number;
  /** FUNC in the program's BTF. */
  readonly typeId: number;
}

/** Bytes of `struct bpf_func_info`, which is also the least that a loader may send a record. */
const FUNC_INFO_SIZE = 8;
const MAX_FUNC_INFO_SIZE = 252;

/**
 * Reads the function records and checks them by themselves, before the program's subprograms are known.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_btf_func_early
 */
export function readFuncInfo(env: Env, btf: Btf): FuncInfoRecord[] {
  const info = env.input.funcInfo;
  const count = recordCount(info);
  if (info === undefined || count === 0) {
    checkAbnormalReturn(env);
    return [];
  }
  const refuse = (text: string): never => reject(env, -1, "btf", EINVAL, text);
  const refuseMidLine = (text: string, errno: number = EINVAL): never => rejectMidLine(env, -1, "btf", errno, text);
  const { recSize } = info;
  if (recSize < FUNC_INFO_SIZE || recSize > MAX_FUNC_INFO_SIZE || recSize % 4 !== 0) {
    refuse(`invalid func info rec size ${recSize}`);
  }
  const word = wordReader(info);
  const records: FuncInfoRecord[] = [];
  let prev = 0;
  for (let i = 0; i < count; i++) {
    if (hasNonzeroTail(info, i, FUNC_INFO_SIZE)) refuseMidLine("nonzero tailing record in func info", E2BIG);
    const insnOff = word(i, 0);
    const typeId = word(i, 4);
    if (i === 0) {
      if (insnOff !== 0) refuseMidLine(`nonzero insn_off ${insnOff} for the first func info record`);
    } else if (insnOff <= prev) {
      refuseMidLine(`same or smaller insn offset (${insnOff}) than previous func info record (${prev})`);
    }
    if (typeId >= btf.typeCount || btf.kindOf(typeId) !== "func") {
      refuseMidLine(`invalid type id ${typeId | 0} in func info`);
    }
    if (btf.kindOf(btf.sizeOrTypeOf(typeId)) !== "func_proto") refuse("");
    records.push({ insnOff, typeId });
    prev = insnOff;
  }
  return records;
}

/**
 * Checks the function records against the program's subprograms and notes each one's name, type and linkage there.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_btf_func
 */
export function matchFuncInfo(env: Env, btf: Btf, records: readonly FuncInfoRecord[]): void {
  if (records.length === 0) {
    checkAbnormalReturn(env);
    return;
  }
  const refuse = (text: string): never => reject(env, -1, "btf", EINVAL, text);
  if (records.length !== env.subprogs.length) {
    refuse("number of funcs in func_info doesn't match number of subprogs");
  }
  records.forEach((record, i) => {
    const sub = env.subprogs[i]!;
    if (sub.start !== record.insnOff) refuse("func_info BTF section doesn't match subprog layout in BPF program");
    const func = btf.type(record.typeId);
    if (func.kind !== "func") return;
    const ret = btf.resolve(btf.funcProto(record.typeId).ret);
    const scalarReturn = isSmallInt(btf, ret) || isAnyEnum(btf, ret);
    if (i !== 0 && !scalarReturn) {
      if (sub.hasLdAbs) refuse("LD_ABS is only allowed in functions that return 'int'.");
      if (sub.hasTailCall) refuse("tail_call is only allowed in functions that return 'int'.");
    }
    sub.typeId = record.typeId;
    sub.name = func.name;
    sub.linkage = func.linkage;
  });
}

/** Without types nothing says that a subprogram returns a number, which the hidden exits of these instructions need. */
export function checkAbnormalReturn(env: Env): void {
  for (const sub of env.subprogs.slice(1)) {
    if (sub.hasLdAbs) reject(env, -1, "btf", EINVAL, "LD_ABS is not allowed in subprogs without BTF");
    if (sub.hasTailCall) reject(env, -1, "btf", EINVAL, "tail_call is not allowed in subprogs without BTF");
  }
}
