import { BPF_DW, BPF_IMM, BPF_LD, decode, encode, type Insn } from "@bpf-ts/isa";
import { BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE } from "@bpf-ts/uapi/pseudo";
import type { MapObject } from "./map-object.ts";
import type { ProgObject } from "./prog-object.ts";

/**
 * The instructions of a program as user space may see them: addresses of maps and of their values are replaced by ids and offsets.
 *
 * @see v6.18 kernel/bpf/syscall.c, bpf_insn_prepare_dump
 */
export function sanitizeXlated(prog: ProgObject, mapByHandle: (handle: number) => MapObject | undefined): Uint8Array {
  const insns = decode(prog.program.xlated);
  const out: Insn[] = [...insns];
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i]!;
    if (insn.code !== (BPF_LD | BPF_IMM | BPF_DW)) continue;
    const high = insns[i + 1]!;
    if (insn.src === BPF_PSEUDO_MAP_FD) {
      out[i] = { ...insn, imm: mapByHandle(insn.imm >>> 0)?.id ?? 0 };
      out[i + 1] = { ...high, imm: 0 };
    } else if (insn.src === BPF_PSEUDO_MAP_VALUE) {
      const address = insn.imm >>> 0;
      const owner = prog.usedMaps.find((map) => {
        const base = map.valueAddress(0);
        return base !== undefined && address >= base && address - base < map.def.valueSize;
      });
      out[i] = { ...insn, imm: owner?.id ?? 0 };
      out[i + 1] = { ...high, imm: owner === undefined ? 0 : address - owner.valueAddress(0)! };
    }
    i++;
  }
  return encode(out);
}
