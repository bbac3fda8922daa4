import type { Btf } from "@bpf-ts/btf";
import { BPF_CLASS, BPF_LDX, BPF_MEM, BPF_MODE, BPF_STX } from "@bpf-ts/isa";
import { EACCES, EINVAL } from "@bpf-ts/uapi/errno";
import { isConst } from "../../domain/index.ts";
import { regTypeStr } from "../../log/reg-type-str.ts";
import { markChainPrecision } from "../../precision/mark.ts";
import { reject } from "../../reject.ts";
import { type Env, inRcuCs, nextId, reg, setReg } from "../../state/env.ts";
import { btfReg, memReg, type RegState } from "../../state/reg-state.ts";
import {
  baseType,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  NON_OWN_REF,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  typeFlag,
} from "../../state/reg-type.ts";
import { unsupported } from "../../unsupported.ts";
import { structIdsMatch } from "../btf/struct-ids-match.ts";
import { isAllocObj } from "../btf/trust.ts";
import { constOffset } from "../mem/const-offset.ts";
import { checkPtrOffReg } from "../mem/ptr-off.ts";
import { type BtfField, findField, hasField, kptrTarget, recordOf } from "../record/record.ts";
import { regRecord } from "../record/reg-record.ts";
import { isRegNull } from "../reg-arg.ts";

/** A pointer kept in a map's value or an object: which field, and what it points to. */
export interface Kptr {
  readonly field: BtfField;
  readonly btf: Btf;
  readonly btfId: number;
}

/** Kernel structures that stay readable in an RCU read section. @see v6.18 kernel/bpf/verifier.c, rcu_protected_types */
const RCU_PROTECTED: ReadonlySet<string> = new Set([
  "prog_test_ref_kfunc",
  "cgroup",
  "bpf_cpumask",
  "task_struct",
  "bpf_crypto_ctx",
]);

/** What a field of the value or object that `r` points into points to. */
export function kptrOf(env: Env, r: RegState, field: BtfField): Kptr {
  const own = r.type === PTR_TO_MAP_VALUE ? r.map.btf : r.btf;
  if (own === undefined) unsupported("kptr", "map without BTF");
  return { field, ...kptrTarget(own, field, env.profile.kernelBtf) };
}

/**
 * Whether a pointer may be stored in a field: the right structure, and no less vouched for than what is read back.
 *
 * @see v6.18 kernel/bpf/verifier.c, map_kptr_match_type
 */
export function checkKptrMatch(env: Env, kptr: Kptr, regno: number): void {
  const r = reg(env, regno);
  const { field, btf, btfId } = kptr;
  const isUnref = field.kind === "kptr_unref";
  const isBtf = baseType(r.type) === PTR_TO_BTF_ID;
  if (isBtf && flagsFit(env, kptr, r)) {
    checkPtrOffReg(env, r, regno, true);
    const log = (text: string): void => env.log.write(`${text}\n`);
    if (structIdsMatch(r.btf, r.btfId, r.off, btf, btfId, !isUnref, !isAllocObj(r.type), log)) return;
  }
  const shown = isBtf && flagsFit(env, kptr, r) ? r.btf.nameOf(r.btfId) : "";
  const target = btf.nameOf(btfId);
  const or = isUnref ? ` or ${regTypeStr(PTR_TO_BTF_ID | PTR_UNTRUSTED)}${target}` : "";
  reject(
    env,
    env.insnIdx,
    "map",
    EACCES,
    `invalid kptr access, R${regno} type=${regTypeStr(r.type)}${shown} expected=${regTypeStr(PTR_TO_BTF_ID)}${target}${or}`,
  );
}

function flagsFit(env: Env, { field }: Kptr, r: RegState): boolean {
  const isPercpu = field.kind === "kptr_percpu";
  let allowed: number;
  if (r.btf === env.profile.kernelBtf) {
    allowed = PTR_MAYBE_NULL | PTR_TRUSTED | MEM_RCU | (field.kind === "kptr_unref" ? PTR_UNTRUSTED : 0);
  } else {
    allowed = PTR_MAYBE_NULL | MEM_ALLOC | (isPercpu ? MEM_PERCPU : 0);
  }
  // What is read back from a per-CPU field is per-CPU memory, so that must be what is stored.
  return (typeFlag(r.type) & ~allowed) === 0 && isPercpu === ((r.type & MEM_PERCPU) !== 0);
}

/** Modifiers of a pointer that is read from a field. @see v6.18 kernel/bpf/verifier.c, btf_ld_kptr_type */
function loadedFlags(env: Env, { field, btf, btfId }: Kptr): number {
  const inKernel = btf === env.profile.kernelBtf;
  const isSafe =
    field.kind === "kptr_percpu" || (field.kind === "kptr_ref" && (!inKernel || RCU_PROTECTED.has(btf.nameOf(btfId))));
  if (!isSafe || !inRcuCs(env)) return PTR_MAYBE_NULL | PTR_UNTRUSTED;
  let flags = PTR_MAYBE_NULL | MEM_RCU;
  if (field.kind === "kptr_percpu") flags |= MEM_PERCPU;
  else if (!inKernel) flags |= MEM_ALLOC;
  const record = inKernel ? undefined : recordOf(btf, btfId);
  return record !== undefined && hasField(record, "list_node", "rb_node") ? flags | NON_OWN_REF : flags;
}

/**
 * A load or store of a kernel pointer in a map's value. Size, alignment and offset have been checked.
 *
 * @param valueRegno Register loaded or stored, -1 for an immediate.
 * @see v6.18 kernel/bpf/verifier.c, check_map_kptr_access
 */
export function accessKptr(env: Env, insnIdx: number, regno: number, field: BtfField, valueRegno: number): void {
  const insn = env.insns[insnIdx]!;
  const refuse = (text: string): never => reject(env, insnIdx, "map", EACCES, text);
  if (BPF_MODE(insn.code) !== BPF_MEM) refuse("kptr in map can only be accessed using BPF_MEM instruction mode");
  const kptr = kptrOf(env, reg(env, regno), field);
  const klass = BPF_CLASS(insn.code);
  if (klass === BPF_LDX) {
    setReg(env, valueRegno, loaded(env, kptr));
    return;
  }
  if (field.kind === "kptr_ref" || field.kind === "kptr_percpu") refuse("store to referenced kptr disallowed");
  if (field.kind === "uptr") refuse("store to uptr disallowed");
  if (klass === BPF_STX) {
    // Right only because it is 0: another number may not take its place.
    if (isRegNull(reg(env, valueRegno))) markChainPrecision(env, valueRegno);
    else checkKptrMatch(env, kptr, valueRegno);
  } else if (insn.imm !== 0) {
    refuse(`BPF_ST imm must be 0 when storing to kptr at off=${field.offset}`);
  }
}

function loaded(env: Env, kptr: Kptr): RegState {
  const { btf, btfId, field } = kptr;
  if (field.kind === "uptr") return memReg(PTR_TO_MEM | PTR_MAYBE_NULL, btf.sizeOrTypeOf(btfId), nextId(env));
  return btfReg(PTR_TO_BTF_ID | loadedFlags(env, kptr), btf, btfId, nextId(env));
}

/** The field that `bpf_kptr_xchg` exchanges. @see v6.18 kernel/bpf/verifier.c, process_kptr_func */
export function xchgField(env: Env, regno: number): Kptr {
  const r = reg(env, regno);
  const refuse = (text: string, errno: number = EINVAL): never => reject(env, env.insnIdx, "map", errno, text);
  if (r.type === PTR_TO_MAP_VALUE && r.map.btf === undefined) {
    refuse(`map '${r.map.name}' has to have BTF in order to use bpf_kptr_xchg`);
  }
  if (!isConst(r.scalar)) {
    refuse(`R${regno} doesn't have constant offset. kptr has to be at the constant offset`);
  }
  const record = regRecord(env, r);
  if (record === undefined || !hasField(record, "kptr_unref", "kptr_ref", "kptr_percpu")) {
    return refuse(`R${regno} has no valid kptr`);
  }
  const off = constOffset(r);
  const field = findField(record, off, "kptr_unref", "kptr_ref", "kptr_percpu");
  if (field === undefined) return refuse(`off=${off} doesn't point to kptr`, EACCES);
  if (field.kind === "kptr_unref") refuse(`off=${off} kptr isn't referenced kptr`, EACCES);
  return kptrOf(env, r, field);
}

/** The pointer that `bpf_kptr_xchg` takes out of the field. Its reference is added by the caller. */
export function takenFromMap(env: Env, kptr: Kptr): RegState {
  const { btf, btfId, field } = kptr;
  let type = PTR_TO_BTF_ID | PTR_MAYBE_NULL;
  if (btf !== env.profile.kernelBtf) type |= MEM_ALLOC | (field.kind === "kptr_percpu" ? MEM_PERCPU : 0);
  return btfReg(type, btf, btfId);
}
