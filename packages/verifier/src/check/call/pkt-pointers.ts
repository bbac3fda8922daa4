import type { Env } from "../../state/env.ts";
import { invalidReg } from "../../state/references.ts";
import type { RegState } from "../../state/reg-state.ts";
import {
  baseType,
  DYNPTR_TYPE_SKB,
  DYNPTR_TYPE_SKB_META,
  DYNPTR_TYPE_XDP,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
} from "../../state/reg-type.ts";
import { forEachReg } from "../../state/walk-regs.ts";

/** A pointer into the packet, be it through the context or through a dynptr's slice. */
function pointsToPacket(r: RegState): boolean {
  switch (baseType(r.type)) {
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
    case PTR_TO_PACKET_END:
      return true;
    case PTR_TO_MEM:
      return (r.type & (DYNPTR_TYPE_SKB | DYNPTR_TYPE_XDP | DYNPTR_TYPE_SKB_META)) !== 0;
    default:
      return false;
  }
}

/** The packet may have moved: what pointed to it does no longer. @see v6.18 kernel/bpf/verifier.c, clear_all_pkt_pointers */
export function clearPktPointers(env: Env): void {
  const gone = invalidReg(env);
  forEachReg(env.cur, (r) => (pointsToPacket(r) ? gone : r));
}
