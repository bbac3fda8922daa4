import type { Btf } from "@bpf-ts/btf";
import { E2BIG, EINVAL } from "@bpf-ts/uapi/errno";
import { reject, rejectMidLine } from "../../reject.ts";
import type { Env, LineInfo } from "../../state/env.ts";
import { hasNonzeroTail, recordCount, wordReader } from "./info-records.ts";

const LINE_INFO_SIZE = 16;
const MAX_LINE_INFO_SIZE = 252;

/**
 * Reads the line records, checks them against program and subprograms, and notes each subprogram's first record there.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_btf_line
 */
export function readLineInfo(env: Env, btf: Btf): LineInfo[] {
  const info = env.input.lineInfo;
  const count = recordCount(info);
  if (info === undefined || count === 0) return [];
  const refuse = (text: string): never => reject(env, -1, "btf", EINVAL, text);
  const { recSize } = info;
  if (recSize < LINE_INFO_SIZE || recSize > MAX_LINE_INFO_SIZE || recSize % 4 !== 0) refuse("");

  const word = wordReader(info);
  const records: LineInfo[] = [];
  const { insns, subprogs } = env;
  let prev = 0;
  let sub = 0;
  for (let i = 0; i < count; i++) {
    if (hasNonzeroTail(info, i, LINE_INFO_SIZE))
      rejectMidLine(env, -1, "btf", E2BIG, "nonzero tailing record in line_info");
    const record: LineInfo = {
      insnOff: word(i, 0),
      fileNameOff: word(i, 4),
      lineOff: word(i, 8),
      // The column is in the lower ten bits.
      lineNum: word(i, 12) >>> 10,
    };
    const { insnOff } = record;
    if ((i !== 0 && insnOff <= prev) || insnOff >= insns.length) {
      refuse(`Invalid line_info[${i}].insn_off:${insnOff} (prev_offset:${prev} prog->len:${insns.length})`);
    }
    if (insns[insnOff]!.code === 0) refuse(`Invalid insn code at line_info[${i}].insn_off`);
    if (record.lineOff >= btf.stringsEnd || record.fileNameOff >= btf.stringsEnd) {
      refuse(`Invalid line_info[${i}].line_off or .file_name_off`);
    }
    if (sub < subprogs.length) {
      const { start } = subprogs[sub]!;
      if (insnOff === start) {
        subprogs[sub]!.linfoIdx = i;
        sub++;
      } else if (start < insnOff) {
        refuse(`missing bpf_line_info for func#${sub}`);
      }
    }
    records.push(record);
    prev = insnOff;
  }
  if (sub !== subprogs.length) {
    refuse(`missing bpf_line_info for ${subprogs.length - sub} funcs starting from func#${sub}`);
  }
  return records;
}
