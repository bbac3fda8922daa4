import { formatKernel, type Insn } from "@bpf-ts/isa";
import { BPF_PSEUDO_KFUNC_CALL, BPF_PSEUDO_MAP_IDX_VALUE, BPF_PSEUDO_MAP_VALUE } from "@bpf-ts/uapi/pseudo";
import { kfuncProto } from "../check/kfunc/add.ts";
import type { Env } from "../state/env.ts";

/** The text of slot `i` with its newline, as `verbose_insn` prints it; made once. */
export function insnText(env: Env, i: number): string {
  const known = env.insnTexts[i];
  if (known !== undefined) return known;
  const text = `${formatKernel(env.insns, i, {
    callName: (insn) => (insn.src === BPF_PSEUDO_KFUNC_CALL ? (kfuncProto(env, insn)?.name ?? "") : undefined),
    imm64: (insn) => mapAddress(env, i, insn),
    hidePointers: !env.allowPtrLeaks,
  })}\n`;
  env.insnTexts[i] = text;
  return text;
}

/** After resolution the log shows the address of maps and map values. */
function mapAddress(env: Env, i: number, insn: Insn): string | undefined {
  const index = env.insnMap.get(i);
  if (index === undefined || !env.allowPtrLeaks) return undefined;
  const map = env.usedMaps[index]!;
  let address = map.handle;
  if (insn.src === BPF_PSEUDO_MAP_VALUE || insn.src === BPF_PSEUDO_MAP_IDX_VALUE) {
    address = map.valueAddress!(env.insns[i + 1]!.imm >>> 0);
  }
  return `0x${address.toString(16)}`;
}
