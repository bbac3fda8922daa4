import { EACCES } from "@bpf-ts/uapi/errno";
import { reject } from "../../../reject.ts";
import { reg } from "../../../state/env.ts";
import type { ArgContext } from "./context.ts";

/** A per-CPU variable of the kernel: the helper answers one CPU's. */
export function checkPercpuBtfId({ env, meta, regno }: ArgContext): void {
  const r = reg(env, regno);
  if (r.btfId === 0) reject(env, env.insnIdx, "call", EACCES, `Helper has invalid btf_id in R${regno}`);
  meta.retBtf = r.btf;
  meta.retBtfId = r.btfId;
}
