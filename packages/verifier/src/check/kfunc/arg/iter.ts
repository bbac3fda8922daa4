import type { Btf } from "@bpf-ts/btf";
import { EINVAL, EPROTO } from "@bpf-ts/uapi/errno";
import { ZERO } from "../../../domain/index.ts";
import { reject, verifierBug } from "../../../reject.ts";
import { type Env, inRcuCs, markSlotScratched } from "../../../state/env.ts";
import { acquireReference, releaseReference } from "../../../state/references.ts";
import { RegState } from "../../../state/reg-state.ts";
import { MEM_RCU, PTR_TO_STACK, PTR_UNTRUSTED } from "../../../state/reg-type.ts";
import { allBytes, SLOT_INVALID, STACK_ITER, StackSlot } from "../../../state/stack-slot.ts";
import { checkMemAccess } from "../../mem/access.ts";
import { BAD_PLACE, markObjectRead, objectSpi, UNUSED_PLACE } from "../../stack-object/place.ts";
import { KF_ITER_DESTROY, KF_ITER_NEW, KF_RCU_PROTECTED } from "../flags.ts";
import type { KfuncMeta } from "../meta.ts";
import type { KfuncArg } from "./context.ts";

/** @see v6.18 include/linux/bpf_verifier.h, enum bpf_iter_state */
export const ITER_ACTIVE = 1;
export const ITER_DRAINED = 2;

const ALL_ITER = allBytes(STACK_ITER);
const PREFIX = "bpf_iter_";

/**
 * An iterator: a struct on the stack that only its own functions may touch. Its slots are marked; the first (lowest address) owns a reference, so
 * that it must be destroyed.
 *
 * @see v6.18 kernel/bpf/verifier.c, process_iter_arg
 */
export function checkIterArg(arg: KfuncArg): void {
  const { env, meta, index, regno, reg: r, targetId } = arg;
  const { btf } = meta;
  const refuse = (text: string, errno: number = EINVAL): never => reject(env, env.insnIdx, "call", errno, text);
  if (r.type !== PTR_TO_STACK) refuse(`arg#${index} expected pointer to an iterator on stack`);
  if (!isIterStruct(btf, targetId)) refuse(`expected valid iter pointer as arg #${index}`);
  const slots = btf.sizeOrTypeOf(targetId) / 8;
  const name = `iter_${btf.nameOf(targetId).slice(PREFIX.length)}`;

  if (meta.has(KF_ITER_NEW)) {
    if (!isUninit(env, r, slots)) refuse(`expected uninitialized ${name} as arg #${index}`);
    for (let i = 0; i < slots * 8; i += 8) checkMemAccess(env, meta.insnIdx, regno, i, 8, true, -1, false, false);
    makeIter(env, meta, r, targetId, slots);
    return;
  }
  const spi = objectSpi(env, r, "iter", slots);
  const found = spi < 0 ? "none" : iterAt(env, r, spi, btf, targetId, slots);
  if (found === "none") refuse(`expected an initialized ${name} as arg #${index}`);
  if (found === "untrusted") refuse(`expected an RCU CS when using ${meta.name}`, EPROTO);
  const frame = env.cur.frames[r.frameno]!;
  markObjectRead(env, r.frameno, spi, slots);
  meta.iter = { spi, frameno: r.frameno };
  meta.refObjId = frame.stack[spi]!.reg.refObjId;
  if (meta.has(KF_ITER_DESTROY)) destroyIter(env, r, spi, slots);
}

function isIterStruct(btf: Btf, id: number): boolean {
  return btf.kindOf(id) === "struct" && btf.nameOf(id).startsWith(PREFIX) && btf.sizeOrTypeOf(id) % 8 === 0;
}

function isUninit(env: Env, r: RegState, slots: number): boolean {
  const spi = objectSpi(env, r, "iter", slots);
  if (spi === UNUSED_PLACE) return true;
  if (spi === BAD_PLACE) return false;
  const { stack } = env.cur.frames[r.frameno]!;
  for (let i = 0; i < slots; i++) {
    for (let byte = 0; byte < 8; byte++) if (stack[spi - i]!.typeAt(byte) === STACK_ITER) return false;
  }
  return true;
}

/** @see v6.18 kernel/bpf/verifier.c, is_iter_reg_valid_init */
function iterAt(
  env: Env,
  r: RegState,
  spi: number,
  btf: Btf,
  btfId: number,
  slots: number,
): "iter" | "none" | "untrusted" {
  const { stack } = env.cur.frames[r.frameno]!;
  for (let i = 0; i < slots; i++) {
    const { reg, types } = stack[spi - i]!;
    if ((reg.type & PTR_UNTRUSTED) !== 0) return "untrusted";
    const ownsReference = reg.refObjId !== 0;
    if (ownsReference !== (i === 0) || reg.obj !== btf || reg.btfId !== btfId || types !== ALL_ITER) return "none";
  }
  return "iter";
}

/** @see v6.18 kernel/bpf/verifier.c, mark_stack_slots_iter */
function makeIter(env: Env, meta: KfuncMeta, r: RegState, btfId: number, slots: number): void {
  const spi = objectSpi(env, r, "iter", slots);
  if (spi < 0) verifierBug("stack written to, but not there");
  const id = acquireReference(env, meta.insnIdx);
  let type = PTR_TO_STACK;
  // What it yields is good as long as the read section that it was made in lasts.
  if (meta.has(KF_RCU_PROTECTED)) type |= inRcuCs(env) ? MEM_RCU : PTR_UNTRUSTED;
  const frame = env.cur.frames[r.frameno]!;
  for (let i = 0; i < slots; i++) {
    const slotReg = new RegState(type, 0, ZERO, 0, i === 0 ? id : 0, 0, false, meta.btf, btfId, ITER_ACTIVE);
    frame.stack[spi - i] = new StackSlot(slotReg, ALL_ITER);
    env.liveStack.markSlotWritten(frame.frameno, spi - i);
    markSlotScratched(env, spi - i);
  }
}

/** @see v6.18 kernel/bpf/verifier.c, unmark_stack_slots_iter */
function destroyIter(env: Env, r: RegState, spi: number, slots: number): void {
  const frame = env.cur.frames[r.frameno]!;
  releaseReference(env, frame.stack[spi]!.reg.refObjId);
  for (let i = 0; i < slots; i++) {
    frame.stack[spi - i] = SLOT_INVALID;
    env.liveStack.markSlotWritten(frame.frameno, spi - i);
    markSlotScratched(env, spi - i);
  }
}
