import { equalsScalar, scalarWithin } from "../domain/index.ts";
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";
import {
  NOT_INIT,
  PTR_TO_ARENA,
  PTR_TO_BUF,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  PTR_TO_TP_BUFFER,
  SCALAR_VALUE,
} from "../state/reg-type.ts";
import { distanceFlag } from "../state/scalar-id.ts";
import type { IdMap } from "./id-map.ts";

/** What it takes for a current register to be covered by an old one: the old one's bounds where precise; the very same; the bounds always. */
export const NOT_EXACT = 0;
export const EXACT = 1;
export const RANGE_WITHIN = 2;

/** How strictly to compare. */
export type ExactLevel = typeof NOT_EXACT | typeof EXACT | typeof RANGE_WITHIN;

/** Same type, offset and union. */
function sameObject(a: RegState, b: RegState): boolean {
  return a.type === b.type && a.off === b.off && a.obj === b.obj && a.u1 === b.u1 && a.u2 === b.u2;
}

/** Equal but for ids, which correspond. @see v6.18 kernel/bpf/verifier.c, regs_exact */
export function regsExact(old: RegState, cur: RegState, ids: IdMap): boolean {
  return (
    sameObject(old, cur) &&
    (old.scalar === cur.scalar || equalsScalar(old.scalar, cur.scalar)) &&
    ids.check(old.id, cur.id) &&
    ids.check(old.refObjId, cur.refObjId)
  );
}

/** Equal in everything but frame and precision: the cheap test for a loop. @see v6.18 kernel/bpf/verifier.c, states_maybe_looping */
export function regsIdentical(a: RegState, b: RegState): boolean {
  return (
    a === b ||
    (sameObject(a, b) &&
      a.id === b.id &&
      a.refObjId === b.refObjId &&
      (a.scalar === b.scalar || equalsScalar(a.scalar, b.scalar)))
  );
}

/**
 * Whatever is safe to do with `old` is safe to do with `cur`.
 *
 * @see v6.18 kernel/bpf/verifier.c, regsafe
 */
export function regSafe(_env: Env, old: RegState, cur: RegState, ids: IdMap, exact: ExactLevel): boolean {
  if (old === cur && old.id === 0 && old.refObjId === 0) return true;
  if (exact === EXACT) return regsExact(old, cur, ids);
  if (old.type === NOT_INIT && (exact === NOT_EXACT || cur.type === NOT_INIT)) return true;
  if (old.type !== cur.type) return false;
  switch (old.type & 0xff) {
    case SCALAR_VALUE:
      if (!old.precise && exact === NOT_EXACT) return true;
      // Without an id the old number was tied to none: what the current one is tied to only says more about it.
      if (old.id !== 0) {
        const flag = distanceFlag(old.id);
        if (flag !== distanceFlag(cur.id) || (flag !== 0 && old.off !== cur.off)) return false;
        if (!ids.checkScalar(old.id, cur.id)) return false;
      }
      return scalarWithin(old.scalar, cur.scalar);
    case PTR_TO_MAP_KEY:
    case PTR_TO_MAP_VALUE:
    case PTR_TO_MEM:
    case PTR_TO_BUF:
    case PTR_TO_TP_BUFFER:
      return (
        sameObject(old, cur) &&
        scalarWithin(old.scalar, cur.scalar) &&
        ids.check(old.id, cur.id) &&
        ids.check(old.refObjId, cur.refObjId)
      );
    case PTR_TO_PACKET_META:
    case PTR_TO_PACKET:
      return (
        old.range <= cur.range &&
        old.off === cur.off &&
        ids.check(old.id, cur.id) &&
        scalarWithin(old.scalar, cur.scalar)
      );
    case PTR_TO_STACK:
      return regsExact(old, cur, ids) && old.frameno === cur.frameno;
    case PTR_TO_ARENA:
      return true;
    default:
      return regsExact(old, cur, ids);
  }
}
