import { BPF_DW, BPF_IMM, BPF_LD, encode, type Insn } from "@bpf-ts/isa";
import { BPF_TAG_SIZE } from "@bpf-ts/uapi/object-info";
import { BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE } from "@bpf-ts/uapi/pseudo";
import { sha256 } from "@noble/hashes/sha2.js";

/**
 * A program's tag: the first 8 bytes, in hex, of the SHA-256 of its instructions with map fds and addresses left out, so that it is the same
 * whichever maps it was loaded with.
 *
 * @see v6.18 kernel/bpf/core.c, bpf_prog_calc_tag
 */
export function programTag(insns: readonly Insn[]): string {
  const plain = [...insns];
  for (let i = 0; i + 1 < insns.length; i++) {
    const insn = insns[i]!;
    if (insn.code !== (BPF_LD | BPF_IMM | BPF_DW)) continue;
    if (insn.src === BPF_PSEUDO_MAP_FD || insn.src === BPF_PSEUDO_MAP_VALUE) {
      plain[i] = { ...insn, imm: 0 };
      plain[i + 1] = { ...insns[i + 1]!, imm: 0 };
    }
    i++;
  }
  const digest = sha256(encode(plain));
  return Array.from(digest.subarray(0, BPF_TAG_SIZE), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
