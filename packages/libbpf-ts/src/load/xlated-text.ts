import { BPF_DW, BPF_IMM, BPF_LD, decode, dumpImm64, formatKernel } from "@bpf-ts/isa";
import { BPF_PSEUDO_INTERNAL_CALL, type ProgInfo } from "@bpf-ts/uapi";

const LD_IMM64 = BPF_LD | BPF_IMM | BPF_DW;

/**
 * A program's instructions as they run, a line each, in the form of `bpftool prog dump xlated`. Functions that the kernel's rewrites call are shown by
 * name.
 */
export function xlatedText({ xlated, internalCalls }: Pick<ProgInfo, "xlated" | "internalCalls">): string {
  const insns = decode(xlated);
  const lines: string[] = [];
  for (let i = 0; i < insns.length; i++) {
    const text = formatKernel(insns, i, {
      imm64: dumpImm64,
      callName: ({ src, imm }) => (src === BPF_PSEUDO_INTERNAL_CALL ? internalCalls[imm] : undefined),
    });
    lines.push(`${String(i).padStart(4)}: ${text}\n`);
    if (insns[i]!.code === LD_IMM64) i++;
  }
  return lines.join("");
}
