/**
 * Comparisons of packet pointers: how far the packet reaches at least.
 *
 * @see v6.18 kernel/bpf/verifier.c, try_match_pkt_pointers, find_good_pkt_pointers
 */
import { BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, type Insn } from "@bpf-ts/isa";
import { isConstEqual } from "../domain/index.ts";
import { AT_PKT_END, BEYOND_PKT_END, type RegState } from "../state/reg-state.ts";
import { PTR_TO_PACKET, PTR_TO_PACKET_END, PTR_TO_PACKET_META } from "../state/reg-type.ts";
import type { VerifierState } from "../state/verifier-state.ts";
import { forEachReg } from "../state/walk-regs.ts";

const MAX_PACKET_OFF = 0xffff;

/** The very start of the packet, as read from the context. */
function isPktStart(reg: RegState): boolean {
  return reg.type === PTR_TO_PACKET && reg.id === 0 && reg.off === 0 && isConstEqual(reg.scalar, 0n);
}

/** `pkt` compared with the end of what it may reach: packet data with pkt_end, metadata with packet data. */
function reachesTo(pkt: RegState, end: RegState): boolean {
  return (
    (pkt.type === PTR_TO_PACKET && end.type === PTR_TO_PACKET_END) ||
    (pkt.type === PTR_TO_PACKET_META && isPktStart(end))
  );
}

/** In `st` the packet reaches to `pkt` at least; one byte further if `open`. */
function widenRange(st: VerifierState, pkt: RegState, open: boolean): void {
  if (pkt.off < 0 || (pkt.off === 0 && open)) return;
  const umax = pkt.scalar.umax;
  if (umax > BigInt(MAX_PACKET_OFF) || umax + BigInt(pkt.off) > BigInt(MAX_PACKET_OFF)) return;
  const range = pkt.off + (open ? 1 : 0);
  forEachReg(st, (reg) =>
    reg.type === pkt.type && reg.id === pkt.id && reg.range < range ? reg.withRange(range) : reg,
  );
}

/** In `st` register `regno` lies at the packet's end or behind it. */
function markEnd(st: VerifierState, regno: number, open: boolean): void {
  const regs = st.frame.regs;
  const reg = regs[regno]!;
  if (reg.type === PTR_TO_PACKET) regs[regno] = reg.withRange(open ? BEYOND_PKT_END : AT_PKT_END);
}

/**
 * Learns from a comparison of packet pointers.
 *
 * @param state falls through; `other` jumps
 * @returns false if it is none
 */
export function matchPktPointers(insn: Insn, op: number, state: VerifierState, other: VerifierState): boolean {
  const regs = state.frame.regs;
  const dst = regs[insn.dst]!;
  const src = regs[insn.src]!;
  // `pkt op end` and its mirror image, `end op pkt`.
  const forward = reachesTo(dst, src);
  if (!forward && !reachesTo(src, dst)) return false;
  const pkt = forward ? dst : src;
  const pktRegno = forward ? insn.dst : insn.src;
  let how = op;
  if (!forward) {
    how =
      op === BPF_JGT ? BPF_JLT : op === BPF_JLT ? BPF_JGT : op === BPF_JGE ? BPF_JLE : op === BPF_JLE ? BPF_JGE : op;
  }
  switch (how) {
    case BPF_JGT:
      widenRange(state, pkt, false);
      markEnd(other, pktRegno, true);
      return true;
    case BPF_JLT:
      widenRange(other, pkt, true);
      markEnd(state, pktRegno, false);
      return true;
    case BPF_JGE:
      widenRange(state, pkt, true);
      markEnd(other, pktRegno, false);
      return true;
    case BPF_JLE:
      widenRange(other, pkt, false);
      markEnd(state, pktRegno, true);
      return true;
    default:
      return false;
  }
}
