import { EINVAL } from "@bpf-ts/uapi/errno";
import { reject } from "../../../reject.ts";
import type { Env } from "../../../state/env.ts";
import type { RegState } from "../../../state/reg-state.ts";
import {
  MEM_ALLOC,
  MEM_RCU,
  MEM_RDONLY,
  MEM_RINGBUF,
  NON_OWN_REF,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  PTR_TRUSTED,
  SCALAR_VALUE,
} from "../../../state/reg-type.ts";
import { checkPtrOffReg } from "../../mem/ptr-off.ts";

/** Pointers whose offset the access check looks at: fixed and variable parts are both fine here. */
const ANY_OFFSET: ReadonlySet<number> = new Set([
  PTR_TO_STACK,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_MEM | MEM_RDONLY,
  PTR_TO_MEM | MEM_RINGBUF,
  PTR_TO_BUF,
  PTR_TO_BUF | MEM_RDONLY,
  PTR_TO_ARENA,
  SCALAR_VALUE,
]);

/** Kernel structures: a fixed offset names a member. */
const FIXED_OFFSET: ReadonlySet<number> = new Set([
  PTR_TO_BTF_ID,
  PTR_TO_BTF_ID | MEM_ALLOC,
  PTR_TO_BTF_ID | PTR_TRUSTED,
  PTR_TO_BTF_ID | MEM_RCU,
  PTR_TO_BTF_ID | MEM_ALLOC | NON_OWN_REF,
  PTR_TO_BTF_ID | MEM_ALLOC | NON_OWN_REF | MEM_RCU,
]);

/** What about an argument decides which offsets it may have. */
export interface OffsetRule {
  /** The reference goes back to the kernel with the call. */
  readonly release: boolean;
  /** A dynptr, whose place on the stack is checked elsewhere. */
  readonly dynptr: boolean;
}

export const NO_RELEASE: OffsetRule = { release: false, dynptr: false };

/**
 * Checks the offset of a pointer argument.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_func_arg_reg_off
 */
export function checkArgRegOff(env: Env, r: RegState, regno: number, rule: OffsetRule): void {
  if (rule.release) {
    if (rule.dynptr && r.type === PTR_TO_STACK) return;
    if (r.off !== 0) {
      reject(
        env,
        env.insnIdx,
        "call",
        EINVAL,
        `R${regno} must have zero offset when passed to release func or trusted arg to kfunc`,
      );
    }
    checkPtrOffReg(env, r, regno, false);
    return;
  }
  if (ANY_OFFSET.has(r.type)) return;
  checkPtrOffReg(env, r, regno, FIXED_OFFSET.has(r.type));
}
