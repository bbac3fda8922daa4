import { constSigned } from "../../domain/index.ts";
import type { RegState } from "../../state/reg-state.ts";

/** Offset of a register whose variable part is a constant: both parts together, bytes. */
export function constOffset(r: RegState): number {
  return r.off + Number(constSigned(r.scalar));
}
