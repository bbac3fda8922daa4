import { ATOMIC_KIND } from "./ops.ts";

/**
 * The read-modify-write operations. One thread runs a machine, so each is atomic by being one step.
 *
 * @param r register file
 * @param kind one of {@link ATOMIC_KIND}
 * @param size 4 or 8
 * @param s word of the source register
 * @param at address, checked to be writable
 * @see RFC 9669 section 5.3
 */
export function atomic(r: Int32Array, view: DataView, kind: number, size: number, s: number, at: number): void {
  const wide = size === 8;
  const oldLo = view.getInt32(at, true);
  const oldHi = wide ? view.getInt32(at + 4, true) : 0;
  const lo = r[s]!;
  const hi = wide ? r[s + 1]! : 0;
  if (kind === ATOMIC_KIND.CMPXCHG) {
    const equal = oldLo === r[0]! && (!wide || oldHi === r[1]!);
    r[0] = oldLo;
    r[1] = oldHi;
    if (!equal) return;
    view.setInt32(at, lo, true);
    if (wide) view.setInt32(at + 4, hi, true);
    return;
  }
  let newLo = lo;
  let newHi = hi;
  switch (kind) {
    case ATOMIC_KIND.ADD:
    case ATOMIC_KIND.FETCH_ADD:
      newLo = (oldLo + lo) | 0;
      newHi = oldHi + hi + (newLo >>> 0 < oldLo >>> 0 ? 1 : 0);
      break;
    case ATOMIC_KIND.OR:
    case ATOMIC_KIND.FETCH_OR:
      newLo = oldLo | lo;
      newHi = oldHi | hi;
      break;
    case ATOMIC_KIND.AND:
    case ATOMIC_KIND.FETCH_AND:
      newLo = oldLo & lo;
      newHi = oldHi & hi;
      break;
    case ATOMIC_KIND.XOR:
    case ATOMIC_KIND.FETCH_XOR:
      newLo = oldLo ^ lo;
      newHi = oldHi ^ hi;
      break;
    default: // XCHG stores the source as it is
      break;
  }
  view.setInt32(at, newLo, true);
  if (wide) view.setInt32(at + 4, newHi, true);
  if (kind >= ATOMIC_KIND.FETCH_ADD) {
    r[s] = oldLo;
    r[s + 1] = oldHi;
  }
}
