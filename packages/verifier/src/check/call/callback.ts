import { EFAULT, ENOMEM } from "@bpf-ts/uapi/errno";
import { BPF_DYNPTR_TYPE_LOCAL } from "@bpf-ts/uapi/helper-flags";
import * as mapType from "@bpf-ts/uapi/map-types";
import { reject } from "../../reject.ts";
import { type Env, nextId } from "../../state/env.ts";
import { btfReg, mapReg, REG_UNKNOWN, type RegState } from "../../state/reg-state.ts";
import { CONST_PTR_TO_MAP, PTR_TO_BTF_ID, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE } from "../../state/reg-type.ts";
import { VerifierState } from "../../state/verifier-state.ts";
import { unsupported } from "../../unsupported.ts";
import { pushAsyncState, pushBranch } from "../branches.ts";
import { checkSubprogArgs } from "../btf/subprog-call.ts";
import { enterSubprog, newFrame } from "../subprog/call.ts";
import { dynptrSlotReg } from "./arg/dynptr.ts";

/** What a call says of the callback that it makes. */
export interface CallbackCall {
  readonly insnIdx: number;
  readonly subprogno: number;
}

/** R1 to R5 of a callback, from the caller's registers. */
export type CallbackArgs = (env: Env, regs: readonly RegState[], call: CallbackCall) => readonly RegState[];

const ENOTSUPP = 524;

/** Values that callbacks may return: 0 to go on, 1 to stop. */
const CALLBACK_RET = { minval: 0, maxval: 1 };

/**
 * A helper calls a function of the program, any number of times, before it returns. Two walks go on from here: one into the callback, which comes
 * back to this very instruction when it returns, and one behind the call. So every number of rounds is covered; that the walks end is up to
 * the checkpoint at this instruction, where states that differ in imprecise numbers alone count as the same.
 *
 * @see v6.18 kernel/bpf/verifier.c, push_callback_call
 */
export function pushCallback(env: Env, call: CallbackCall, args: CallbackArgs): void {
  const { insnIdx, subprogno } = call;
  if (checkSubprogArgs(env, subprogno) === EFAULT) reject(env, env.insnIdx, "call", EFAULT, "");
  const sub = env.subprogs[subprogno]!;
  sub.isCb = true;

  const caller = env.cur.frame;
  const state = pushBranch(env, sub.start, insnIdx, ENOMEM);
  enterSubprog(env, state, subprogno, insnIdx, (_env, from, callee) => {
    args(env, from.regs, call).forEach((r, i) => {
      callee.regs[i + 1] = r;
    });
    callee.inCallbackFn = true;
    callee.callbackRetRange = CALLBACK_RET;
  });
  state.callbackUnrollDepth++;
  state.frames[state.curframe - 1]!.callbackDepth++;
  caller.callbackDepth = 0;
}

/** Map types whose elements can be walked with a callback. */
const FOR_EACH_MAPS: ReadonlySet<number> = new Set([
  mapType.BPF_MAP_TYPE_HASH,
  mapType.BPF_MAP_TYPE_ARRAY,
  mapType.BPF_MAP_TYPE_PERCPU_HASH,
  mapType.BPF_MAP_TYPE_PERCPU_ARRAY,
  mapType.BPF_MAP_TYPE_LRU_HASH,
  mapType.BPF_MAP_TYPE_LRU_PERCPU_HASH,
]);

/** `callback(map, key, value, ctx)`. @see v6.18 kernel/bpf/verifier.c, map_set_for_each_callback_args */
export const forEachMapElemArgs: CallbackArgs = (env, regs, call) => {
  // The map of the first walk that came here: the rewritten call has that one, or none.
  const map = env.mapPtrState.get(call.insnIdx)?.map;
  if (map === undefined || !FOR_EACH_MAPS.has(map.def.type)) {
    return reject(env, env.insnIdx, "map", ENOTSUPP, "callback function not allowed for map");
  }
  const mapArg = regs[1]!;
  return [
    mapArg,
    mapReg(PTR_TO_MAP_KEY, mapArg.map, 0, mapArg.mapUid),
    mapReg(PTR_TO_MAP_VALUE, mapArg.map, 0, mapArg.mapUid),
    regs[3]!,
  ];
};

/** `callback(index, ctx)`. @see v6.18 kernel/bpf/verifier.c, set_loop_callback_state */
export const loopArgs: CallbackArgs = (_env, regs) => [REG_UNKNOWN, regs[3]!];

/** `callback(task, vma, ctx)`. @see v6.18 kernel/bpf/verifier.c, set_find_vma_callback_state */
export const findVmaArgs: CallbackArgs = (env, regs) => {
  const kernel = env.profile.kernelBtf;
  const vma = kernel.findByName("vm_area_struct", "struct");
  if (vma === undefined) return unsupported("kernel-symbol", "struct vm_area_struct");
  return [regs[1]!, btfReg(PTR_TO_BTF_ID, kernel, vma), regs[4]!];
};

/** `callback(dynptr, ctx)`. @see v6.18 kernel/bpf/verifier.c, set_user_ringbuf_callback_state */
export const userRingbufDrainArgs: CallbackArgs = (env, regs) => [
  dynptrSlotReg(BPF_DYNPTR_TYPE_LOCAL, true, nextId(env), 0),
  regs[3]!,
];

/** Value that callbacks return which run by themselves. */
const ASYNC_RET = { minval: 0, maxval: 0 };

/**
 * A function of the program will be called later, from another context, with the map element that the timer or work lies in. It is walked as if it
 * were a program of its own; what the program holds here does not matter there.
 *
 * @param regno Register that points to the timer or work.
 * @param sleepable The callback may sleep.
 * @see v6.18 kernel/bpf/verifier.c, push_callback_call, push_async_cb, set_timer_callback_state
 */
export function pushAsyncCallback(env: Env, call: CallbackCall, regno: number, sleepable: boolean): void {
  const { insnIdx, subprogno } = call;
  if (checkSubprogArgs(env, subprogno) === EFAULT) reject(env, env.insnIdx, "call", EFAULT, "");
  const sub = env.subprogs[subprogno]!;
  sub.isCb = true;
  sub.isAsyncCb = true;
  const caller = env.cur.frame;
  const { map, mapUid } = caller.regs[regno]!;

  const callee = newFrame(env, -1, 0, subprogno);
  callee.regs[1] = mapReg(CONST_PTR_TO_MAP, map, 0, mapUid);
  callee.regs[2] = mapReg(PTR_TO_MAP_KEY, map, 0, mapUid);
  callee.regs[3] = mapReg(PTR_TO_MAP_VALUE, map, 0, mapUid);
  callee.inAsyncCallbackFn = true;
  callee.callbackRetRange = ASYNC_RET;
  callee.asyncEntryCnt = caller.asyncEntryCnt + 1;
  const state = new VerifierState();
  state.frames.push(callee);
  state.inSleepable = sleepable;
  pushAsyncState(env, state, sub.start, insnIdx);
}
