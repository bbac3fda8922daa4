import {
  BPF_CLASS,
  BPF_DW,
  BPF_IMM,
  BPF_LD,
  BPF_LDX,
  BPF_MEM,
  BPF_MODE,
  BPF_SIZE,
  decode,
  encode,
  type Insn,
} from "@bpf-ts/isa";
import { BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE } from "@bpf-ts/uapi/pseudo";
import type { MapObject } from "./map-object.ts";
import type { ProgObject } from "./prog-object.ts";

/** Mode of loads through pointers that may be stale. @see v6.18 include/linux/filter.h */
const BPF_PROBE_MEM = 0x20;

/**
 * The instructions of a program as user space may see them: addresses of maps and of their values are replaced by ids and offsets, loads that may
 * find nothing are shown as loads.
 *
 * @see v6.18 kernel/bpf/syscall.c, bpf_insn_prepare_dump
 */
export function sanitizeXlated(prog: ProgObject, mapByHandle: (handle: number) => MapObject | undefined): Uint8Array {
  const insns = decode(prog.program.xlated);
  const out: Insn[] = [...insns];
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i]!;
    if (BPF_CLASS(insn.code) === BPF_LDX && BPF_MODE(insn.code) === BPF_PROBE_MEM)
      out[i] = { ...insn, code: BPF_LDX | BPF_SIZE(insn.code) | BPF_MEM };
    if (insn.code !== (BPF_LD | BPF_IMM | BPF_DW)) continue;
    const high = insns[i + 1]!;
    if (insn.src === BPF_PSEUDO_MAP_FD) {
      out[i] = { ...insn, imm: mapByHandle(insn.imm >>> 0)?.id ?? 0 };
      out[i + 1] = { ...high, imm: 0 };
    } else if (insn.src === BPF_PSEUDO_MAP_VALUE) {
      const address = insn.imm >>> 0;
      const owner = prog.usedMaps.find((map) => {
        const base = map.map.directValue(0);
        return base >= 0 && address >= base && address - base < map.def.valueSize;
      });
      out[i] = { ...insn, imm: owner?.id ?? 0 };
      out[i + 1] = { ...high, imm: owner === undefined ? 0 : address - owner.map.directValue(0) };
    }
    i++;
  }
  return encode(out);
}
