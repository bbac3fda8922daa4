import type { BtfParam } from "@bpf-ts/btf";
import type { Env } from "../../../state/env.ts";
import type { RegState } from "../../../state/reg-state.ts";
import type { KfuncMeta } from "../meta.ts";

/** One argument of a kernel function that is a pointer. */
export interface KfuncArg {
  readonly env: Env;
  readonly meta: KfuncMeta;
  readonly param: BtfParam;
  /** 0-based. */
  readonly index: number;
  /** 1 to 5. */
  readonly regno: number;
  readonly reg: RegState;
  /** PTR, and the type that it points to, both without modifiers. */
  readonly ptrId: number;
  readonly targetId: number;
}
