import type { Insn } from "@bpf-ts/isa";
import {
  BPF_FUNC_find_vma,
  BPF_FUNC_for_each_map_elem,
  BPF_FUNC_loop,
  BPF_FUNC_timer_set_callback,
  BPF_FUNC_user_ringbuf_drain,
} from "@bpf-ts/uapi/helper-ids";
import { isHelperCall } from "./subprogs.ts";

/**
 * A call of a helper that calls a function of the program before it returns.
 *
 * @see v6.18 kernel/bpf/verifier.c, is_sync_callback_calling_insn
 */
export function isSyncCallbackCall(insn: Insn): boolean {
  if (!isHelperCall(insn)) return false;
  const id = insn.imm;
  return (
    id === BPF_FUNC_for_each_map_elem ||
    id === BPF_FUNC_find_vma ||
    id === BPF_FUNC_loop ||
    id === BPF_FUNC_user_ringbuf_drain
  );
}

/** A call of a helper that has a function of the program called later. */
export function isAsyncCallbackCall(insn: Insn): boolean {
  return isHelperCall(insn) && insn.imm === BPF_FUNC_timer_set_callback;
}
