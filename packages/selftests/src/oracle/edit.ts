import type { Insn } from "@bpf-ts/isa";
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC } from "@bpf-ts/uapi/pseudo";
import type { CorpusInfo, CorpusLoad } from "../corpus/row.ts";

/** Where a slot-relative target goes after `count` slots were put in before slot `at`. */
function moved(slot: number, at: number, count: number): number {
  return slot >= at ? slot + count : slot;
}

/** Records whose first word is a slot (`insn_off`). */
function moveInfo(info: CorpusInfo | undefined, at: number, count: number): CorpusInfo | undefined {
  if (info === undefined) return undefined;
  const bytes = Buffer.from(info.hex, "hex");
  for (let i = 0; i < info.cnt; i++) {
    const p = i * info.rec_size;
    const slot = bytes.readUInt32LE(p);
    // A record at the very place stays with what stood there, unless that is the program's first.
    bytes.writeUInt32LE(slot === 0 ? 0 : moved(slot, at, count), p);
  }
  return { ...info, hex: bytes.toString("hex") };
}

/**
 * Puts instructions in before slot `at`: jumps, calls and references to functions still reach what they reached, and func_info, line_info and
 * map references move along.
 */
export function insertInsns(load: CorpusLoad, insns: readonly Insn[], at: number, added: readonly Insn[]): Insn[] {
  const count = added.length;
  const fixed = insns.map((insn, slot): Insn => {
    const from = moved(slot, at, count);
    const retarget = (target: number): number => moved(target, at, count) - from - 1;
    const cls = insn.code & 7;
    const op = insn.code & 0xf0;
    if (insn.code === 0x18 && insn.src === BPF_PSEUDO_FUNC) return { ...insn, imm: retarget(slot + insn.imm + 1) };
    if (cls !== 5 && cls !== 6) return insn;
    if (op === 0x90) return insn;
    if (op === 0x80) return insn.src === BPF_PSEUDO_CALL ? { ...insn, imm: retarget(slot + insn.imm + 1) } : insn;
    if (insn.code === 0x06) return { ...insn, imm: retarget(slot + insn.imm + 1) };
    return { ...insn, off: retarget(slot + insn.off + 1) };
  });
  load.map_refs = load.map_refs.map(([slot, map]) => [moved(slot, at, count), map]);
  const funcInfo = moveInfo(load.func_info, at, count);
  const lineInfo = moveInfo(load.line_info, at, count);
  if (funcInfo !== undefined) load.func_info = funcInfo;
  if (lineInfo !== undefined) load.line_info = lineInfo;
  load.insn_cnt += count;
  return [...fixed.slice(0, at), ...added, ...fixed.slice(at)];
}
