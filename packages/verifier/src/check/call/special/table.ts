import type { Insn } from "@bpf-ts/isa";
import * as fn from "@bpf-ts/uapi/helper-ids";
import type { Env } from "../../../state/env.ts";
import { unsupported } from "../../../unsupported.ts";
import { findVmaArgs, forEachMapElemArgs, pushAsyncCallback, pushCallback, userRingbufDrainArgs } from "../callback.ts";
import type { CallMeta } from "../meta.ts";
import { checkDynptrData, checkDynptrFromMem, checkDynptrWrite } from "./dynptr.ts";
import { checkGetFuncIp } from "./get-func-ip.ts";
import { checkGetLocalStorage } from "./local-storage.ts";
import { checkLoop } from "./loop.ts";
import { checkSnprintf } from "./snprintf.ts";
import { checkTailCall } from "./tail-call.ts";

/** What one helper asks for beyond its prototype. Its arguments have been checked, its result has not been made. */
export type SpecialCheck = (env: Env, insn: Insn, meta: CallMeta) => void;

const notModelled: SpecialCheck = (_env, _insn, meta) => unsupported("helper", meta.funcName);

/** The one place where helpers' own checks are registered. */
const SPECIAL: ReadonlyMap<number, SpecialCheck> = new Map<number, SpecialCheck>([
  [fn.BPF_FUNC_tail_call, checkTailCall],
  [fn.BPF_FUNC_get_local_storage, checkGetLocalStorage],
  [fn.BPF_FUNC_for_each_map_elem, (env, _insn, meta) => pushCallback(env, meta, forEachMapElemArgs)],
  [fn.BPF_FUNC_find_vma, (env, _insn, meta) => pushCallback(env, meta, findVmaArgs)],
  [fn.BPF_FUNC_loop, checkLoop],
  [fn.BPF_FUNC_snprintf, checkSnprintf],
  [fn.BPF_FUNC_get_func_ip, checkGetFuncIp],
  [fn.BPF_FUNC_timer_set_callback, (env, _insn, meta) => pushAsyncCallback(env, meta, 1, false)],
  [fn.BPF_FUNC_user_ringbuf_drain, (env, _insn, meta) => pushCallback(env, meta, userRingbufDrainArgs)],
  [fn.BPF_FUNC_dynptr_from_mem, checkDynptrFromMem],
  [fn.BPF_FUNC_dynptr_data, checkDynptrData],
  [fn.BPF_FUNC_dynptr_write, checkDynptrWrite],
  [fn.BPF_FUNC_d_path, notModelled],
]);

/** Runs a helper's own check, if it has one. */
export function checkSpecial(env: Env, insn: Insn, meta: CallMeta): void {
  SPECIAL.get(meta.funcId)?.(env, insn, meta);
}
