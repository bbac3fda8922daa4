import { EINVAL } from "@bpf-ts/uapi/errno";
import { isConst } from "../../../domain/index.ts";
import { reject, verifierBug } from "../../../reject.ts";
import { MEM_ALLOC, PTR_TO_BTF_ID, PTR_TO_MAP_VALUE, typeIsNonOwningRef } from "../../../state/reg-type.ts";
import { structIdsMatch } from "../../btf/struct-ids-match.ts";
import { isHeld } from "../../call/lock.ts";
import { constOffset } from "../../mem/const-offset.ts";
import { type BtfField, fieldTypeName, findField } from "../../record/record.ts";
import { regRecord } from "../../record/reg-record.ts";
import { inGraphCallback } from "../graph.ts";
import type { KfuncArg } from "./context.ts";

const OBJECT = PTR_TO_BTF_ID | MEM_ALLOC;

function refuse({ env }: KfuncArg, text: string): never {
  reject(env, env.insnIdx, "call", EINVAL, text);
}

function checkConstOffset(arg: KfuncArg, name: string): void {
  if (isConst(arg.reg.scalar)) return;
  refuse(arg, `R${arg.regno} doesn't have constant offset. ${name} has to be at the constant offset`);
}

/** A list's head or a tree's root: in a map's value or an object, with the lock beside it held. */
function checkRoot(arg: KfuncArg, kind: "list_head" | "rb_root"): BtfField {
  const { env, index, reg: r } = arg;
  if (r.type !== PTR_TO_MAP_VALUE && r.type !== OBJECT) {
    refuse(arg, `arg#${index} expected pointer to map value or allocated object`);
  }
  if (r.type === OBJECT && r.refObjId === 0) refuse(arg, "allocated object must be referenced");
  const name = fieldTypeName(kind);
  checkConstOffset(arg, name);
  const record = regRecord(env, r);
  const off = constOffset(r);
  const field = record === undefined ? undefined : findField(record, off, kind);
  if (record === undefined || field === undefined) return refuse(arg, `${name} not found at offset=${off >>> 0}`);
  if (!isHeld(env, r)) {
    const lock = record.fields.find((f) => f.kind === "res_spin_lock" || f.kind === "spin_lock");
    refuse(arg, `bpf_spin_lock at off=${lock?.offset ?? -EINVAL} must be held for ${name}`);
  }
  return field;
}

export function checkListHead(arg: KfuncArg): void {
  arg.meta.listHead = checkRoot(arg, "list_head");
}

export function checkRbRoot(arg: KfuncArg): void {
  arg.meta.rbRoot = checkRoot(arg, "rb_root");
}

function checkOwned(arg: KfuncArg): void {
  if (arg.reg.type !== OBJECT) refuse(arg, `arg#${arg.index} expected pointer to allocated object`);
  if (arg.reg.refObjId === 0) refuse(arg, "allocated object must be referenced");
}

/** An object to be added to a list. */
export function checkListNode(arg: KfuncArg): void {
  checkOwned(arg);
  checkNode(arg, arg.meta.listHead, "list_head", "list_node");
}

/** An object to be added to a tree, or one that is in it. */
export function checkRbNode(arg: KfuncArg): void {
  const { env, meta, reg: r } = arg;
  if (meta.name === "bpf_rbtree_add_impl") {
    checkOwned(arg);
  } else {
    if (!typeIsNonOwningRef(r.type) && r.refObjId === 0) {
      refuse(arg, `${meta.name} can only take non-owning or refcounted bpf_rb_node pointer`);
    }
    if (inGraphCallback(env)) refuse(arg, `${meta.name} not allowed in rbtree cb`);
  }
  checkNode(arg, meta.rbRoot, "rb_root", "rb_node");
}

/** The node must be the one of its object by which the list or tree links. */
function checkNode(
  arg: KfuncArg,
  root: BtfField | undefined,
  rootKind: "list_head" | "rb_root",
  nodeKind: "list_node" | "rb_node",
): void {
  const { env, meta, reg: r } = arg;
  const name = fieldTypeName(nodeKind);
  checkConstOffset(arg, name);
  const record = regRecord(env, r);
  const off = constOffset(r);
  if (record === undefined || findField(record, off, nodeKind) === undefined) {
    refuse(arg, `${name} not found at offset=${off >>> 0}`);
  }
  const holds = root?.graphRoot;
  if (holds === undefined) verifierBug("node without list or tree");
  const { btf, valueBtfId, nodeOffset } = holds;
  const struct = btf.nameOf(valueBtfId);
  const log = (text: string): void => env.log.write(`${text}\n`);
  if (!structIdsMatch(r.btf, r.btfId, 0, btf, valueBtfId, true, false, log)) {
    refuse(
      arg,
      `operation on ${fieldTypeName(rootKind)} expects arg#1 ${name} at offset=${nodeOffset} in struct ${struct}, ` +
        `but arg is at offset=${off} in struct ${r.btf.nameOf(r.btfId)}`,
    );
  }
  meta.argBtf = r.btf;
  meta.argBtfId = r.btfId;
  if (off !== nodeOffset) {
    refuse(arg, `arg#1 offset=${off}, but expected ${name} at offset=${nodeOffset} in struct ${struct}`);
  }
}
