import { EACCES } from "@bpf-ts/uapi/errno";
import { formatTnum, isConstEqual } from "../../domain/index.ts";
import { reject } from "../../reject.ts";
import type { Env } from "../../state/env.ts";
import type { RegState } from "../../state/reg-state.ts";
import { MEM_RDONLY } from "../../state/reg-type.ts";

/**
 * Buffers whose size is checked when the program is attached: the offset must be known, the furthest byte is noted.
 *
 * @param what `rdonly`, `rdwr` or `tracepoint`; by default what the register's type says
 * @see v6.18 kernel/bpf/verifier.c, check_buffer_access
 */
export function checkBufferAccess(
  env: Env,
  reg: RegState,
  regno: number,
  off: number,
  size: number,
  what: string = reg.type & MEM_RDONLY ? "rdonly" : "rdwr",
): void {
  const refuse = (text: string): never => reject(env, env.insnIdx, "memory", EACCES, `R${regno} ${text}`);
  if (off < 0) refuse(`invalid ${what} buffer access: off=${off}, size=${size}`);
  if (!isConstEqual(reg.scalar, 0n)) {
    refuse(`invalid variable buffer offset: off=${off}, var_off=${formatTnum(reg.scalar.tnum)}`);
  }
  // u2: number of the context argument + 1, for buffers that are one.
  if (reg.u2 > 0) {
    const arg = reg.u2 - 1;
    while (env.maxCtxBufferAccess.length <= arg) env.maxCtxBufferAccess.push(0);
    env.maxCtxBufferAccess[arg] = Math.max(env.maxCtxBufferAccess[arg]!, off + size);
  }
}
