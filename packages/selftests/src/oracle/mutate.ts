import { decode, encode, type Insn } from "@bpf-ts/isa";
import type { CorpusLoad, CorpusMap, CorpusRow } from "../corpus/row.ts";
import { insertInsns } from "./edit.ts";
import type { Random } from "./random.ts";

/** A changed program and what was changed, in words. */
export interface Mutant {
  load: CorpusLoad;
  maps: CorpusMap[];
  changes: string[];
}

const NEAR = [-512, -256, -16, -8, -4, -2, -1, 1, 2, 3, 4, 7, 8, 16, 255, 256, 512] as const;
const EDGES = [
  0, 1, -1, 7, 8, 15, 16, 31, 32, 63, 64, 255, 256, 511, 512, 4095, 65535, 0x7fffffff, -0x80000000,
] as const;
const FLAGS = [0, 1, 2, 4, 8, 128, 129, 130, 132, 136] as const;
const PROG_TYPES = [1, 3, 5, 6, 8, 9, 14, 17] as const;
/** One more than the last helper. */
const HELPER_COUNT = 212;

function describe(insn: Insn): string {
  return `{${insn.code.toString(16)} dst ${insn.dst} src ${insn.src} off ${insn.off} imm ${insn.imm}}`;
}

const int16 = (v: number): number => (v << 16) >> 16;

/** One of the ways to change an instruction; the same one again if the way does not suit it. */
function changeInsn(r: Random, insn: Insn, all: readonly Insn[]): Insn {
  const cls = insn.code & 7;
  switch (r.below(12)) {
    case 0:
      return { ...insn, imm: (insn.imm + r.pick(NEAR)) | 0 };
    case 1:
      return { ...insn, imm: r.pick(EDGES) };
    case 2:
      return { ...insn, off: int16(insn.off + r.pick(NEAR)) };
    case 3:
      return { ...insn, dst: r.below(11) };
    case 4:
      return cls === 5 && (insn.code & 0xf0) === 0x80 ? insn : { ...insn, src: r.below(11) };
    case 5:
      // Another operation of the same class.
      if (cls === 4 || cls === 5 || cls === 6 || cls === 7)
        return { ...insn, code: (insn.code & 0x0f) | (r.below(14) << 4) };
      return { ...insn, code: (insn.code & 0xe7) | (r.below(4) << 3) };
    case 6:
      // 32 and 64 bits, register and immediate.
      if (cls === 4 || cls === 7)
        return r.chance(50) ? { ...insn, code: insn.code ^ 3 } : { ...insn, code: insn.code ^ 8 };
      if (cls === 5 || cls === 6)
        return r.chance(50) ? { ...insn, code: insn.code ^ 3 } : { ...insn, code: insn.code ^ 8 };
      return { ...insn, code: (insn.code & 0x1f) | (r.pick([0x60, 0x80, 0xc0]) as number) };
    case 7:
      return { code: 0x05, dst: 0, src: 0, off: 0, imm: 0 };
    case 8:
      return r.pick(all);
    case 9:
      if (insn.code !== 0x85) return { ...insn, imm: (insn.imm ^ (1 << r.below(32))) | 0 };
      if (insn.src === 0) return { ...insn, imm: r.below(HELPER_COUNT) };
      // Another kernel function that the program calls.
      return insn.src === 2 ? r.pick(all.filter((i) => i.code === 0x85 && i.src === 2)) : insn;
    case 10:
      return { ...insn, dst: insn.src, src: insn.dst };
    default:
      return { code: 0xbf, dst: r.below(10), src: r.below(11), off: 0, imm: 0 };
  }
}

/** An instruction or two that make sense in many places: stack traffic, copies, sums, checks, atomics, calls. */
function snippet(r: Random): Insn[] {
  const reg = (): number => r.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const slot = (): number => -r.pick([8, 16, 24, 32, 4, 12, 1, 2, 9, 512, 504]);
  const size = (): number => r.pick([0x00, 0x08, 0x10, 0x18]);
  const insn = (code: number, dst: number, src = 0, off = 0, imm = 0): Insn => ({ code, dst, src, off, imm });
  const jump = (): number => r.pick([0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0]);
  switch (r.below(14)) {
    case 0:
      return [insn(0x63 | size(), 10, reg(), slot())];
    case 1:
      return [insn(0x61 | size(), reg(), 10, slot())];
    case 2:
      return [insn(0x62 | size(), 10, 0, slot(), r.pick(EDGES))];
    case 3:
      return [insn(0xbf, reg(), r.below(11))];
    case 4:
      return [insn(0x07, reg(), 0, 0, r.pick(NEAR))];
    case 5:
      return [insn(0x0f, reg(), reg())];
    case 6:
      return [insn(0x05 | jump(), reg(), 0, r.below(3), r.pick(EDGES))];
    case 7:
      return [insn(0x0d | jump(), reg(), reg(), r.below(3))];
    case 8:
      return [insn(0x06 | jump(), reg(), 0, r.below(3), r.pick(EDGES))];
    case 9:
      return [insn(0x57, reg(), 0, 0, r.pick(EDGES))];
    case 10:
      return [insn(r.pick([0xc3, 0xdb]), 10, reg(), slot(), r.pick([0x00, 0x01, 0x40, 0x41, 0x50, 0xa0, 0xe1, 0xf1]))];
    case 11:
      return [insn(0x85, 0, 0, 0, r.below(HELPER_COUNT))];
    case 12:
      return [insn(0x61 | size(), reg(), reg(), r.pick([0, 4, 8, 16, 40, 76, 80]))];
    default:
      return [insn(0xb7, reg(), 0, 0, r.pick(EDGES)), insn(r.pick([0x67, 0x77, 0xc7]), reg(), 0, 0, r.below(64))];
  }
}

function changeMap(r: Random, maps: CorpusMap[], changes: string[]): void {
  const index = r.below(maps.length);
  const map = { ...maps[index]! };
  if (map.btf !== undefined || map.init !== undefined || map.inner_map !== undefined) return;
  if (r.chance(60)) map.value_size = Math.max(1, map.value_size + r.pick(NEAR));
  else if (r.chance(50) && map.type === 1) map.key_size = Math.max(1, map.key_size + r.pick(NEAR));
  else map.map_flags ^= r.pick([0x80, 0x100]);
  changes.push(`map ${index}: key ${map.key_size} value ${map.value_size} flags ${map.map_flags}`);
  maps[index] = map;
}

/** Whether the program calls this kernel function anywhere. */
function callsKfunc(insns: readonly Insn[], func: number): boolean {
  return insns.some((i) => i.code === 0x85 && i.src === 2 && i.imm === func);
}

/** The program with one to eight changes. References to maps stay where they are unless their instruction is the one replaced. */
export function mutate(r: Random, row: CorpusRow): Mutant {
  let insns: Insn[] = decode(new Uint8Array(Buffer.from(row.load.insns, "hex")));
  const load = { ...row.load };
  const maps = [...row.maps];
  const changes: string[] = [];
  for (let n = 1 + r.below(r.chance(70) ? 3 : 8); n > 0; n--) {
    const what = r.below(140);
    if (what >= 100) {
      const at = r.below(insns.length);
      // Not between the halves of an ld_imm64.
      if (insns[at - 1]?.code === 0x18) continue;
      const added = snippet(r);
      insns = insertInsns(load, insns, at, added);
      changes.push(`${at}: + ${added.map(describe).join(" ")}`);
    } else if (what < 4) {
      load.prog_flags = r.pick(FLAGS);
      changes.push(`flags ${load.prog_flags}`);
    } else if (what < 6 && load.attach_btf_id === undefined) {
      load.prog_type = r.pick(PROG_TYPES);
      load.expected_attach_type = 0;
      changes.push(`program type ${load.prog_type}`);
    } else if (what < 12 && maps.length > 0) {
      changeMap(r, maps, changes);
    } else {
      const slot = r.below(insns.length);
      const before = insns[slot]!;
      // The second half of an ld_imm64 is left alone, and so is a reference to a map, whose imm the loader fills in.
      if (insns[slot - 1]?.code === 0x18 || (before.code === 0x18 && before.src !== 0)) continue;
      let after = changeInsn(r, before, insns);
      if (after.code === 0x18 || before.code === 0x18) after = { ...before, dst: r.below(10) };
      if (after.code === 0x85 && after.src === 2 && before.src !== 2 && !callsKfunc(insns, after.imm)) continue;
      insns[slot] = after;
      changes.push(`${slot}: ${describe(before)} -> ${describe(after)}`);
    }
  }
  load.insns = Buffer.from(encode(insns)).toString("hex");
  return { load, maps, changes };
}
