import type { Insn } from "@bpf-ts/isa";
import {
  BPF_FUNC_find_vma,
  BPF_FUNC_for_each_map_elem,
  BPF_FUNC_loop,
  BPF_FUNC_timer_set_callback,
  BPF_FUNC_user_ringbuf_drain,
} from "@bpf-ts/uapi/helper-ids";
import { kfuncProto } from "../check/kfunc/add.ts";
import type { Env } from "../state/env.ts";
import { isHelperCall, isPseudoKfuncCall } from "./subprog-lookup.ts";

const SYNC_HELPERS: ReadonlySet<number> = new Set([
  BPF_FUNC_for_each_map_elem,
  BPF_FUNC_find_vma,
  BPF_FUNC_loop,
  BPF_FUNC_user_ringbuf_drain,
]);
const SYNC_KFUNC = "bpf_rbtree_add_impl";
const ASYNC_KFUNC = "bpf_wq_set_callback_impl";

function callsKfunc(env: Env, insn: Insn, name: string): boolean {
  return isPseudoKfuncCall(insn) && kfuncProto(env, insn)?.name === name;
}

/**
 * A call that calls a function of the program before it returns.
 *
 * @see v6.18 kernel/bpf/verifier.c, is_sync_callback_calling_insn
 */
export function isSyncCallbackCall(env: Env, insn: Insn): boolean {
  return isHelperCall(insn) ? SYNC_HELPERS.has(insn.imm) : callsKfunc(env, insn, SYNC_KFUNC);
}

/**
 * A call that has a function of the program called later.
 *
 * @see v6.18 kernel/bpf/verifier.c, is_async_callback_calling_insn
 */
export function isAsyncCallbackCall(env: Env, insn: Insn): boolean {
  return isHelperCall(insn) ? insn.imm === BPF_FUNC_timer_set_callback : callsKfunc(env, insn, ASYNC_KFUNC);
}
