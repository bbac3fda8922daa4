import type { Env, LineInfo } from "../state/env.ts";

/** Index of the record that covers slot `insnOff`, -1 without line_info. @see v6.18 kernel/bpf/log.c, find_linfo */
function findLineInfo(lineInfo: readonly LineInfo[], insnOff: number): number {
  if (lineInfo.length === 0) return -1;
  let l = 0;
  let r = lineInfo.length - 1;
  while (l < r) {
    const m = l + ((r - l + 1) >> 1);
    if (lineInfo[m]!.insnOff <= insnOff) l = m;
    else r = m - 1;
  }
  return l;
}

/**
 * Logs the source line of slot `insnIdx` unless it is the one printed last: `; source text @ file.c:12`.
 *
 * @see v6.18 kernel/bpf/log.c, verbose_linfo
 */
export function printLineInfo(env: Env, insnIdx: number, prefix: string): void {
  if (env.log.level === 0 || env.lineInfo.length === 0 || insnIdx >= env.insns.length) return;
  const i = findLineInfo(env.lineInfo, insnIdx);
  if (i < 0 || i === env.prevLineInfo) return;
  const record = env.lineInfo[i]!;
  if (env.prevLineInfo >= 0) {
    const prev = env.lineInfo[env.prevLineInfo]!;
    if (prev.fileNameOff === record.fileNameOff && prev.lineNum === record.lineNum) return;
  }
  const btf = env.btf!;
  const text = btf.name(record.lineOff).replace(/^[ \t\n\v\f\r\u00a0]+/, "");
  const path = btf.name(record.fileNameOff);
  env.log.write(`${prefix}${text} @ ${path.slice(path.lastIndexOf("/") + 1)}:${record.lineNum}\n`);
  env.prevLineInfo = i;
}
