import { decode, formatKernel } from "@bpf-ts/isa";
import type { Executable } from "./executable.ts";

/** The instruction at a slot as the kernel's log prints it, without its opcode; the second half of an ld_imm64 prints as its first. */
export function slotText(executable: Executable, slot: number): string {
  if (slot < 0 || slot >= executable.length) return "outside of the program";
  const insns = decode(executable.insns);
  const first = insns[slot]!.code === 0 && slot > 0 ? slot - 1 : slot;
  const name = executable.translated.callNames.get(first);
  return formatKernel(insns, first, { opcode: false, callName: () => name });
}
