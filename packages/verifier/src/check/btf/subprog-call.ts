import { EFAULT, EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_DYNPTR_TYPE_INVALID, BPF_DYNPTR_TYPE_LOCAL } from "@bpf-ts/uapi/helper-flags";
import { Rejection, reject } from "../../reject.ts";
import { type Env, nextId, reg } from "../../state/env.ts";
import { btfReg, memReg, pointerReg, REG_UNKNOWN, type RegState } from "../../state/reg-state.ts";
import {
  MEM_RDONLY,
  PTR_MAYBE_NULL,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_CTX,
  PTR_TO_MEM,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  SCALAR_VALUE,
  typeMayBeNull,
} from "../../state/reg-type.ts";
import type { SubprogArg, SubprogInfo } from "../../state/subprog.ts";
import { checkDynptrArg, dynptrSlotReg } from "../call/arg/dynptr.ts";
import { checkMemReg } from "../call/arg/helper-mem.ts";
import { checkArgRegOff, NO_RELEASE } from "../call/arg/reg-off.ts";
import { checkRegType } from "../call/arg/reg-type.ts";
import { CallMeta } from "../call/meta.ts";
import { isRegNull } from "../reg-arg.ts";
import { prepareFuncArgs } from "./func-args.ts";

/**
 * Compares a call's registers with what BTF says of the callee. For a global function, which is walked by itself with nothing but its types known,
 * a mismatch is the end; a static one is just noted as unreliable and walked with what it is called with.
 *
 * @returns 0, or a positive errno; what is wrong has been logged.
 * @see v6.18 kernel/bpf/verifier.c, btf_check_subprog_call
 */
export function checkSubprogArgs(env: Env, subprogno: number): number {
  const sub = env.subprogs[subprogno]!;
  if (!env.hasFuncInfo || sub.unreliable) return EINVAL;
  if (sub.typeId === 0) return EFAULT;
  const errno = attempt(() => {
    prepareFuncArgs(env, sub).forEach((arg, i) => {
      matchArg(env, arg, i);
    });
  });
  if (errno !== 0) sub.unreliable = true;
  return errno;
}

/** Runs a check whose refusal is not the program's: its errno, 0 for none. */
function attempt(check: () => void): number {
  try {
    check();
    return 0;
  } catch (e) {
    if (e instanceof Rejection) return e.errno;
    throw e;
  }
}

/** @see v6.18 kernel/bpf/verifier.c, btf_check_func_arg_match */
function matchArg(env: Env, arg: SubprogArg, i: number): void {
  const regno = i + 1;
  const r = reg(env, regno);
  const refuse = (text: string): never => reject(env, env.insnIdx, "call", EINVAL, text);
  switch (arg.kind) {
    case "anything":
      if (r.type !== SCALAR_VALUE) refuse(`R${regno} is not a scalar`);
      return;
    case "untrusted-btf":
      return;
    case "ctx":
      checkArgRegOff(env, r, regno, NO_RELEASE);
      if (r.type !== PTR_TO_CTX) refuse(`arg#${i} expects pointer to ctx`);
      return;
    case "mem":
      if (arg.untrusted === true) return;
      checkArgRegOff(env, r, regno, NO_RELEASE);
      if (attempt(() => checkMemReg(env, regno, arg.memSize)) !== 0) refuse("");
      if (!arg.nullable && typeMayBeNull(r.type)) refuse(`arg#${i} is expected to be non-NULL`);
      return;
    case "arena":
      if (r.type !== PTR_TO_ARENA && r.type !== SCALAR_VALUE) {
        refuse(`R${regno} is not a pointer to arena or scalar.`);
      }
      return;
    case "trusted-btf": {
      if (arg.nullable && isRegNull(r)) return;
      const btfType = env.profile.kernelBtf.nameOf(arg.btfId);
      checkRegType(
        env,
        regno,
        { kind: "BTF_ID", nullable: arg.nullable, btfType },
        new CallMeta(undefined, env.insnIdx),
      );
      checkArgRegOff(env, r, regno, NO_RELEASE);
      return;
    }
    case "dynptr":
      checkArgRegOff(env, r, regno, NO_RELEASE);
      checkDynptrArg(env, regno, -1, { uninit: false, readonly: true, type: BPF_DYNPTR_TYPE_INVALID }, 0);
      return;
    default:
      arg.kind satisfies never;
  }
}

/**
 * R1 to R5 at the entry of a global function that is walked by itself.
 *
 * @throws Rejection if its types can't be understood.
 * @see v6.18 kernel/bpf/verifier.c, do_check_common
 */
export function globalEntryRegs(env: Env, sub: SubprogInfo): RegState[] {
  return prepareFuncArgs(env, sub).map((arg) => entryReg(env, arg));
}

function entryReg(env: Env, arg: SubprogArg): RegState {
  const nullable = arg.nullable ? PTR_MAYBE_NULL : 0;
  switch (arg.kind) {
    case "ctx":
      return pointerReg(PTR_TO_CTX);
    case "anything":
    case "arena":
      return REG_UNKNOWN;
    case "mem": {
      const type = PTR_TO_MEM | nullable | (arg.untrusted === true ? MEM_RDONLY | PTR_UNTRUSTED : 0);
      return memReg(type, arg.memSize, arg.nullable ? nextId(env) : 0);
    }
    case "trusted-btf":
    case "untrusted-btf": {
      const trust = arg.kind === "trusted-btf" ? PTR_TRUSTED : PTR_UNTRUSTED;
      return btfReg(PTR_TO_BTF_ID | nullable | trust, env.profile.kernelBtf, arg.btfId, nextId(env));
    }
    case "dynptr":
      return dynptrSlotReg(BPF_DYNPTR_TYPE_LOCAL, true, nextId(env), 0);
    default:
      arg.kind satisfies never;
      return REG_UNKNOWN;
  }
}

/**
 * Whether the main program's BTF describes it as what it is: a function of the context. If not, its types are not relied on.
 *
 * @see v6.18 kernel/bpf/verifier.c, do_check_common
 */
export function noteMainSignature(env: Env): void {
  if (!env.hasFuncInfo) return;
  const main = env.subprogs[0]!;
  const errno = attempt(() => {
    prepareFuncArgs(env, main);
  });
  if (errno !== 0 || main.args?.length !== 1 || main.args[0]!.kind !== "ctx") main.unreliable = true;
}
