import type { Btf } from "@bpf-ts/btf";
import type { CorpusRow } from "../corpus/row.ts";

const CALL = 0x85;
const LD_IMM64 = 0x18;
const PSEUDO_KFUNC_CALL = 2;
const PSEUDO_BTF_ID = 3;

/**
 * A recorded program as the running kernel numbers its types: calls of kernel functions, kernel variables and the attach target by name.
 *
 * @returns undefined if the running kernel lacks one of them.
 */
export function renumber(row: CorpusRow, recorded: Btf, running: Btf): CorpusRow | undefined {
  const same = (id: number): number | undefined => {
    if (id <= 0 || id >= recorded.typeCount) return id;
    return running.findByName(recorded.nameOf(id), recorded.kindOf(id));
  };
  const load = { ...row.load };
  if (load.attach_btf_id !== undefined) {
    const id = same(load.attach_btf_id);
    if (id === undefined) return undefined;
    load.attach_btf_id = id;
  }
  const code = Buffer.from(load.insns, "hex");
  for (let i = 0; i + 8 <= code.length; i += 8) {
    const src = code[i + 1]! >> 4;
    const names = (code[i] === CALL && src === PSEUDO_KFUNC_CALL) || (code[i] === LD_IMM64 && src === PSEUDO_BTF_ID);
    if (!names || code.readInt16LE(i + 2) !== 0) continue;
    const id = same(code.readInt32LE(i + 4));
    if (id === undefined) return undefined;
    code.writeInt32LE(id, i + 4);
  }
  load.insns = code.toString("hex");
  return { ...row, load };
}

/** Whether a program uses types of the kernel. */
export function isTyped(row: CorpusRow): boolean {
  if (row.load.attach_btf_id !== undefined) return true;
  const code = Buffer.from(row.load.insns, "hex");
  for (let i = 0; i + 8 <= code.length; i += 8) {
    const src = code[i + 1]! >> 4;
    if ((code[i] === CALL && src === PSEUDO_KFUNC_CALL) || (code[i] === LD_IMM64 && src === PSEUDO_BTF_ID)) return true;
  }
  return false;
}
