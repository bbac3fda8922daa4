import type { Insn } from "@bpf-ts/isa";
import { BPF_PSEUDO_KFUNC_CALL } from "@bpf-ts/uapi/pseudo";
import { verifierBug } from "../../reject.ts";
import { type Env, reg } from "../../state/env.ts";
import { releaseReference } from "../../state/references.ts";
import { btfReg, type RegState } from "../../state/reg-state.ts";
import { MEM_ALLOC, MEM_RCU, NON_OWN_REF, PTR_TO_BTF_ID } from "../../state/reg-type.ts";
import { forEachReg } from "../../state/walk-regs.ts";
import { pushCallback } from "../call/callback.ts";
import { constOffset } from "../mem/const-offset.ts";
import { type BtfField, findField, hasField } from "../record/record.ts";
import { regRecord } from "../record/reg-record.ts";
import { kfuncProto } from "./add.ts";
import type { KfuncMeta } from "./meta.ts";

/**
 * Lists and search trees of objects that the program allocated. Adding an object gives its reference to the list or tree; what the program then
 * still has of it is a borrowed ("non-owning") reference, good until the lock is released.
 *
 * @see v6.18 kernel/bpf/verifier.c, is_bpf_list_api_kfunc, is_bpf_rbtree_api_kfunc, ref_set_non_owning
 */
const RBTREE: ReadonlySet<string> = new Set([
  "bpf_rbtree_add_impl",
  "bpf_rbtree_remove",
  "bpf_rbtree_first",
  "bpf_rbtree_root",
  "bpf_rbtree_left",
  "bpf_rbtree_right",
]);

/** Functions that may be called while a lock is held. @see v6.18 kernel/bpf/verifier.c, kfunc_spin_allowed */
const UNDER_LOCK: ReadonlySet<string> = new Set([
  ...RBTREE,
  "bpf_list_push_front_impl",
  "bpf_list_push_back_impl",
  "bpf_list_pop_front",
  "bpf_list_pop_back",
  "bpf_list_front",
  "bpf_list_back",
  "bpf_refcount_acquire_impl",
  "bpf_iter_num_new",
  "bpf_iter_num_next",
  "bpf_iter_num_destroy",
  "bpf_res_spin_lock",
  "bpf_res_spin_unlock",
  "bpf_res_spin_lock_irqsave",
  "bpf_res_spin_unlock_irqrestore",
  "bpf_arena_alloc_pages",
  "bpf_arena_free_pages",
  "bpf_arena_reserve_pages",
]);

/** Functions that take an object over. */
const ADDERS: ReadonlySet<string> = new Set([
  "bpf_list_push_front_impl",
  "bpf_list_push_back_impl",
  "bpf_rbtree_add_impl",
]);

export function isAllowedUnderLock(env: Env, insn: Insn): boolean {
  return UNDER_LOCK.has(kfuncProto(env, insn)?.name ?? "");
}

/** Inside of a function that compares nodes of a tree, or of one that it calls. @see v6.18 kernel/bpf/verifier.c, in_rbtree_lock_required_cb */
export function inGraphCallback(env: Env): boolean {
  return env.cur.frames.some((frame) => {
    if (!frame.inCallbackFn) return false;
    const insn = env.insns[frame.callsite];
    if (insn === undefined || insn.src !== BPF_PSEUDO_KFUNC_CALL) return false;
    return RBTREE.has(kfuncProto(env, insn)?.name ?? "");
  });
}

/** A borrowed reference. @see v6.18 kernel/bpf/verifier.c, ref_set_non_owning */
export function setNonOwning(env: Env, r: RegState): RegState {
  if (env.cur.activeLocks === 0) verifierBug("ref_set_non_owning w/o active lock");
  if ((r.type & NON_OWN_REF) !== 0) verifierBug("NON_OWN_REF already set");
  const record = regRecord(env, r);
  const isCounted = record !== undefined && hasField(record, "refcount");
  return r.withType(r.type | NON_OWN_REF | (isCounted ? MEM_RCU : 0));
}

/** An object in a list or tree, by its node. @see v6.18 kernel/bpf/verifier.c, mark_reg_graph_node */
function nodeReg(root: BtfField): RegState {
  if (root.graphRoot === undefined) verifierBug("list or tree of nothing");
  const { btf, valueBtfId, nodeOffset } = root.graphRoot;
  return btfReg(PTR_TO_BTF_ID | MEM_ALLOC, btf, valueBtfId, 0, nodeOffset);
}

/** The result of a function that answers a node of a list or tree; undefined for others. */
export function graphNodeResult(meta: KfuncMeta, targetId: number): RegState | undefined {
  const name = targetId === 0 ? "" : meta.btf.nameOf(targetId);
  const root = name === "bpf_list_node" ? meta.listHead : name === "bpf_rb_node" ? meta.rbRoot : undefined;
  return root === undefined ? undefined : nodeReg(root);
}

/** The function that compares two nodes is walked with two borrowed references. @see v6.18 kernel/bpf/verifier.c, set_rbtree_add_callback_state */
export function pushGraphCallback(env: Env, meta: KfuncMeta): void {
  if (meta.name !== "bpf_rbtree_add_impl") return;
  pushCallback(env, meta, (_env, regs) => {
    const root = regs[1]!;
    const record = regRecord(env, root);
    const field = record === undefined ? undefined : findField(record, constOffset(root), "rb_root");
    if (field === undefined) verifierBug("tree without root");
    const node = setNonOwning(env, nodeReg(field));
    return [node, node];
  });
}

/** The object given is the list's or tree's from here on. @see v6.18 kernel/bpf/verifier.c, ref_convert_owning_non_owning */
export function addToGraph(env: Env, meta: KfuncMeta): void {
  if (!ADDERS.has(meta.name)) return;
  const { refObjId } = reg(env, 2);
  if (refObjId === 0) verifierBug("ref_obj_id is zero for owning -> non-owning conversion");
  forEachReg(env.cur, (r) => (r.refObjId === refObjId ? setNonOwning(env, r.withRefObjId(0)) : r));
  if (!releaseReference(env, refObjId)) verifierBug("ref state missing for ref_obj_id");
}
