import type { ArgProto } from "@bpf-ts/uapi";
import type { Env } from "../../../state/env.ts";
import type { CallMeta } from "../meta.ts";

/** One argument of the call that is being checked. Its register's type has been checked, or it is NULL and may be. */
export interface ArgContext {
  readonly env: Env;
  readonly meta: CallMeta;
  readonly arg: ArgProto;
  /** 1 to 5. */
  readonly regno: number;
  /** Prototype of the argument before, undefined for the first. */
  readonly before: ArgProto | undefined;
}

/** What a kind of argument asks for beyond its type. */
export type ArgCheck = (ctx: ArgContext) => void;
