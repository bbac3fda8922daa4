import type { ArgProto } from "@bpf-ts/uapi";
import { EINVAL } from "@bpf-ts/uapi/errno";
import {
  BPF_DYNPTR_TYPE_INVALID,
  BPF_DYNPTR_TYPE_LOCAL,
  BPF_DYNPTR_TYPE_RINGBUF,
  BPF_DYNPTR_TYPE_SKB,
  BPF_DYNPTR_TYPE_XDP,
} from "@bpf-ts/uapi/helper-flags";
import { ZERO } from "../../../domain/index.ts";
import { dynptrTypeStr } from "../../../log/state.ts";
import { reject, verifierBug } from "../../../reject.ts";
import { type Env, nextId, reg } from "../../../state/env.ts";
import type { FuncState } from "../../../state/func-state.ts";
import { acquireReference, releaseReference } from "../../../state/references.ts";
import { RegState } from "../../../state/reg-state.ts";
import { CONST_PTR_TO_DYNPTR, PTR_TO_STACK } from "../../../state/reg-type.ts";
import { allBytes, SLOT_INVALID, STACK_DYNPTR, StackSlot } from "../../../state/stack-slot.ts";
import { checkMemAccess } from "../../mem/access.ts";
import { destroyDynptrAt } from "../../stack-object/dynptr.ts";
import { BAD_PLACE, markObjectRead, objectSpi } from "../../stack-object/place.ts";
import type { ArgContext } from "./context.ts";

/**
 * A dynptr is 16 bytes of stack that only helpers may touch: both slots are marked, the upper one (lower address) is the first. Programs may also be
 * handed a pointer to one that the kernel keeps, which they can't change.
 *
 * A helper either makes one (`uninit`), or takes one; `readonly` says that it leaves the dynptr itself as it is.
 */
export interface DynptrRule {
  readonly uninit: boolean;
  readonly readonly: boolean;
  /** BPF_DYNPTR_TYPE_*; INVALID for any. */
  readonly type: number;
}

const SLOTS = 2;
const ALL_DYNPTR = allBytes(STACK_DYNPTR);

const TYPE_BY_NAME: Readonly<Record<NonNullable<ArgProto["dynptr"]>, number>> = {
  LOCAL: BPF_DYNPTR_TYPE_LOCAL,
  RINGBUF: BPF_DYNPTR_TYPE_RINGBUF,
  SKB: BPF_DYNPTR_TYPE_SKB,
  XDP: BPF_DYNPTR_TYPE_XDP,
};

/** A dynptr argument of a helper. */
export function checkDynptr({ env, meta, arg, regno }: ArgContext): void {
  const type = arg.dynptr === undefined ? BPF_DYNPTR_TYPE_INVALID : TYPE_BY_NAME[arg.dynptr];
  checkDynptrArg(env, regno, meta.insnIdx, { uninit: arg.uninit === true, readonly: arg.readonly === true, type }, 0);
}

/**
 * @param insnIdx Where a reference that the new dynptr owns was acquired.
 * @param cloneRefObjId Reference that a clone shares with its original, 0 for none.
 * @see v6.18 kernel/bpf/verifier.c, process_dynptr_func
 */
export function checkDynptrArg(
  env: Env,
  regno: number,
  insnIdx: number,
  rule: DynptrRule,
  cloneRefObjId: number,
): void {
  const r = reg(env, regno);
  const refuse = (text: string): never => reject(env, env.insnIdx, "call", EINVAL, text);
  if (r.type !== PTR_TO_STACK && r.type !== CONST_PTR_TO_DYNPTR) {
    refuse(`arg#${regno - 1} expected pointer to stack or const struct bpf_dynptr`);
  }
  if (rule.uninit) {
    if (r.type === CONST_PTR_TO_DYNPTR || objectSpi(env, r, "dynptr", SLOTS) === BAD_PLACE) {
      refuse("Dynptr has to be an uninitialized dynptr");
    }
    for (let i = 0; i < 8 * SLOTS; i += 8) checkMemAccess(env, insnIdx, regno, i, 8, true, -1, false, false);
    makeDynptr(env, r, rule.type, insnIdx, cloneRefObjId);
    return;
  }
  if (r.type === CONST_PTR_TO_DYNPTR && !rule.readonly) {
    refuse("cannot pass pointer to const bpf_dynptr, the helper mutates it");
  }
  const spi = r.type === CONST_PTR_TO_DYNPTR ? 0 : objectSpi(env, r, "dynptr", SLOTS);
  if (r.type === PTR_TO_STACK && (spi < 0 || !isDynptrAt(frameOf(env, r), spi))) {
    refuse(`Expected an initialized dynptr as arg #${regno - 1}`);
  }
  if (rule.type !== BPF_DYNPTR_TYPE_INVALID && dynptrReg(env, r).dynptrType !== rule.type) {
    refuse(`Expected a dynptr of type ${dynptrTypeStr(rule.type)} as arg #${regno - 1}`);
  }
  if (r.type === PTR_TO_STACK) {
    markObjectRead(env, r.frameno, spi, SLOTS);
  }
}

function frameOf(env: Env, r: RegState): FuncState {
  return env.cur.frames[r.frameno]!;
}

function isDynptrAt(frame: FuncState, spi: number): boolean {
  const first = frame.stack[spi]!;
  return first.types === ALL_DYNPTR && first.reg.dynptrFirstSlot && frame.stack[spi - 1]!.types === ALL_DYNPTR;
}

/** What describes a dynptr that is there: the slot's register, or the argument itself if the kernel keeps it. */
export function dynptrReg(env: Env, r: RegState): RegState {
  if (r.type === CONST_PTR_TO_DYNPTR) return r;
  const spi = objectSpi(env, r, "dynptr", SLOTS);
  if (spi < 0) verifierBug("dynptr without a place");
  return frameOf(env, r).stack[spi]!.reg;
}

/** Reference that the dynptr at a stack argument owns; 0 where there is none, or no dynptr. */
export function dynptrRefObjId(env: Env, r: RegState): number {
  const spi = objectSpi(env, r, "dynptr", SLOTS);
  return spi < 0 ? 0 : frameOf(env, r).stack[spi]!.reg.refObjId;
}

/** A register that describes a dynptr, or one half of it. @see v6.18 kernel/bpf/verifier.c, __mark_dynptr_reg */
export function dynptrSlotReg(type: number, first: boolean, id: number, refObjId: number): RegState {
  return new RegState(CONST_PTR_TO_DYNPTR, 0, ZERO, id, refObjId, 0, false, null, type, first ? 1 : 0);
}

/** @see v6.18 kernel/bpf/verifier.c, mark_stack_slots_dynptr */
function makeDynptr(env: Env, r: RegState, type: number, insnIdx: number, cloneRefObjId: number): void {
  const spi = objectSpi(env, r, "dynptr", SLOTS);
  if (spi < 0) verifierBug("stack written to, but not there");
  const frame = frameOf(env, r);
  // The two slots may have belonged to two dynptrs.
  destroyDynptrAt(env, frame, spi);
  destroyDynptrAt(env, frame, spi - 1);
  const id = nextId(env);
  let refObjId = 0;
  if (type === BPF_DYNPTR_TYPE_RINGBUF) {
    refObjId = cloneRefObjId === 0 ? acquireReference(env, insnIdx) : cloneRefObjId;
  }
  frame.stack[spi] = new StackSlot(dynptrSlotReg(type, true, id, refObjId), ALL_DYNPTR);
  frame.stack[spi - 1] = new StackSlot(dynptrSlotReg(type, false, id, refObjId), ALL_DYNPTR);
  env.liveStack.markSlotWritten(frame.frameno, spi);
  env.liveStack.markSlotWritten(frame.frameno, spi - 1);
}

/**
 * A helper takes the dynptr away, its clones and what was reached through them included.
 *
 * @see v6.18 kernel/bpf/verifier.c, unmark_stack_slots_dynptr
 */
export function releaseDynptr(env: Env, regno: number): void {
  const r = reg(env, regno);
  const spi = objectSpi(env, r, "dynptr", SLOTS);
  if (spi < 0) verifierBug("dynptr without a place");
  const frame = frameOf(env, r);
  const { refObjId, dynptrType } = frame.stack[spi]!.reg;
  if (dynptrType !== BPF_DYNPTR_TYPE_RINGBUF) {
    forgetDynptr(env, frame, spi);
    return;
  }
  releaseReference(env, refObjId);
  for (let i = 1; i < frame.stack.length; i++) {
    const slot = frame.stack[i]!;
    if (slot.reg.refObjId === refObjId && slot.types === ALL_DYNPTR && slot.reg.dynptrFirstSlot) {
      forgetDynptr(env, frame, i);
    }
  }
}

function forgetDynptr(env: Env, frame: FuncState, spi: number): void {
  frame.stack[spi] = SLOT_INVALID;
  frame.stack[spi - 1] = SLOT_INVALID;
  env.liveStack.markSlotWritten(frame.frameno, spi);
  env.liveStack.markSlotWritten(frame.frameno, spi - 1);
}
