import { reach, tryReach } from "./access.ts";
import { div64, mod64, mul64, sdiv32, sdiv64, smod32, smod64, swap32 } from "./arith.ts";
import { atomic } from "./atomic.ts";
import { callLocal, enterLoop, fellOff, leave, noPacketAccess, tailCall } from "./frames.ts";
import { DONE, FAULTED, type RunState, STOPPED } from "./state.ts";

/**
 * The loop. Runs until the program is done, faults, or has used up {@link RunState.left}; everything that must outlive the call is then back
 * in `state`.
 *
 * Registers are pairs of words in `r`: `r[d]` the low, `r[d + 1]` the high half. `s` may name a constant. Case labels are the numbers of
 * `ops.ts`, written out: V8 makes a jump table of literals only.
 *
 * Memory: an address whose high half is zero and that lies in the running stack or in the region that answered last is accepted here;
 * everything else is `reach`'s to decide. Both are forgotten when a call has ended regions: nothing else can.
 */
export function interpret(state: RunState): number {
  const { memory, run, args } = state;
  let view = memory.dataView;
  let u8 = memory.u8;
  let { code, helpers } = state.exe.translated;
  let r = state.registers;
  let pc = state.pc;
  let left = state.left;
  let bottom = state.bottom | 0;
  const high = state.stack.high | 0;
  let readLow = 1;
  let readEnd = 0;
  let writeLow = 1;
  let writeEnd = 0;
  let epoch = memory.regionEpoch;
  let status = FAULTED;
  loop: for (;;) {
    if (left <= 0) {
      status = STOPPED;
      break;
    }
    left--;
    const d = code[pc + 1]!;
    const s = code[pc + 2]!;
    switch (code[pc]) {
      case 0: {
        // ADD64
        const lo = (r[d]! + r[s]!) | 0;
        const carry = lo >>> 0 < r[d]! >>> 0 ? 1 : 0;
        r[d + 1] = (r[d + 1]! + r[s + 1]! + carry) | 0;
        r[d] = lo;
        break;
      }
      case 1: {
        // SUB64
        const borrow = r[d]! >>> 0 < r[s]! >>> 0 ? 1 : 0;
        r[d + 1] = (r[d + 1]! - r[s + 1]! - borrow) | 0;
        r[d] = (r[d]! - r[s]!) | 0;
        break;
      }
      case 2: // MUL64
        mul64(r, d, s);
        break;
      case 3: // DIV64
        div64(r, d, s);
        break;
      case 4: // SDIV64
        sdiv64(r, d, s);
        break;
      case 5: // MOD64
        mod64(r, d, s);
        break;
      case 6: // SMOD64
        smod64(r, d, s);
        break;
      case 7: // OR64
        r[d] = r[d]! | r[s]!;
        r[d + 1] = r[d + 1]! | r[s + 1]!;
        break;
      case 8: // AND64
        r[d] = r[d]! & r[s]!;
        r[d + 1] = r[d + 1]! & r[s + 1]!;
        break;
      case 9: // XOR64
        r[d] = r[d]! ^ r[s]!;
        r[d + 1] = r[d + 1]! ^ r[s + 1]!;
        break;
      case 10: {
        // LSH64
        const n = r[s]! & 63;
        const lo = r[d]!;
        if (n >= 32) {
          r[d + 1] = lo << (n - 32);
          r[d] = 0;
        } else if (n !== 0) {
          r[d + 1] = (r[d + 1]! << n) | (lo >>> (32 - n));
          r[d] = lo << n;
        }
        break;
      }
      case 11: {
        // RSH64
        const n = r[s]! & 63;
        const hi = r[d + 1]!;
        if (n >= 32) {
          r[d] = hi >>> (n - 32);
          r[d + 1] = 0;
        } else if (n !== 0) {
          r[d] = (r[d]! >>> n) | (hi << (32 - n));
          r[d + 1] = hi >>> n;
        }
        break;
      }
      case 12: {
        // ARSH64
        const n = r[s]! & 63;
        const hi = r[d + 1]!;
        if (n >= 32) {
          r[d] = hi >> (n - 32);
          r[d + 1] = hi >> 31;
        } else if (n !== 0) {
          r[d] = (r[d]! >>> n) | (hi << (32 - n));
          r[d + 1] = hi >> n;
        }
        break;
      }
      case 13: {
        // NEG64
        const lo = r[d]!;
        r[d] = -lo;
        r[d + 1] = lo === 0 ? -r[d + 1]! : ~r[d + 1]!;
        break;
      }
      case 14: // MOV64
        r[d] = r[s]!;
        r[d + 1] = r[s + 1]!;
        break;
      case 15: {
        // MOVSX8_64
        const value = (r[s]! << 24) >> 24;
        r[d] = value;
        r[d + 1] = value >> 31;
        break;
      }
      case 16: {
        // MOVSX16_64
        const value = (r[s]! << 16) >> 16;
        r[d] = value;
        r[d + 1] = value >> 31;
        break;
      }
      case 17: {
        // MOVSX32_64
        const value = r[s]!;
        r[d] = value;
        r[d + 1] = value >> 31;
        break;
      }
      case 18: // LDIMM64
        r[d] = r[s]!;
        r[d + 1] = r[s + 1]!;
        pc += 8;
        continue;
      case 19: // ADD32
        r[d] = r[d]! + r[s]!;
        r[d + 1] = 0;
        break;
      case 20: // SUB32
        r[d] = r[d]! - r[s]!;
        r[d + 1] = 0;
        break;
      case 21: // MUL32
        r[d] = Math.imul(r[d]!, r[s]!);
        r[d + 1] = 0;
        break;
      case 22: // DIV32
        r[d] = r[s] === 0 ? 0 : (r[d]! >>> 0) / (r[s]! >>> 0);
        r[d + 1] = 0;
        break;
      case 23: // SDIV32
        r[d] = sdiv32(r[d]!, r[s]!);
        r[d + 1] = 0;
        break;
      case 24: // MOD32
        if (r[s] !== 0) r[d] = (r[d]! >>> 0) % (r[s]! >>> 0);
        r[d + 1] = 0;
        break;
      case 25: // SMOD32
        r[d] = smod32(r[d]!, r[s]!);
        r[d + 1] = 0;
        break;
      case 26: // OR32
        r[d] = r[d]! | r[s]!;
        r[d + 1] = 0;
        break;
      case 27: // AND32
        r[d] = r[d]! & r[s]!;
        r[d + 1] = 0;
        break;
      case 28: // XOR32
        r[d] = r[d]! ^ r[s]!;
        r[d + 1] = 0;
        break;
      case 29: // LSH32
        r[d] = r[d]! << r[s]!;
        r[d + 1] = 0;
        break;
      case 30: // RSH32
        r[d] = r[d]! >>> r[s]!;
        r[d + 1] = 0;
        break;
      case 31: // ARSH32
        r[d] = r[d]! >> r[s]!;
        r[d + 1] = 0;
        break;
      case 32: // NEG32
        r[d] = -r[d]!;
        r[d + 1] = 0;
        break;
      case 33: // MOV32
        r[d] = r[s]!;
        r[d + 1] = 0;
        break;
      case 34: // MOVSX8_32
        r[d] = (r[s]! << 24) >> 24;
        r[d + 1] = 0;
        break;
      case 35: // MOVSX16_32
        r[d] = (r[s]! << 16) >> 16;
        r[d + 1] = 0;
        break;
      case 36: // ZEXT16
        r[d] = r[s]! & 0xffff;
        r[d + 1] = 0;
        break;
      case 37: // SWAP16
        r[d] = swap32(r[s]!) >>> 16;
        r[d + 1] = 0;
        break;
      case 38: // SWAP32
        r[d] = swap32(r[s]!);
        r[d + 1] = 0;
        break;
      case 39: {
        // SWAP64
        const lo = r[s]!;
        r[d] = swap32(r[s + 1]!);
        r[d + 1] = swap32(lo);
        break;
      }
      case 40: // JA
        pc = code[pc + 3]!;
        continue;
      case 41: // JEQ64
        pc = r[d] === r[s] && r[d + 1] === r[s + 1] ? code[pc + 3]! : pc + 4;
        continue;
      case 42: // JNE64
        pc = r[d] !== r[s] || r[d + 1] !== r[s + 1] ? code[pc + 3]! : pc + 4;
        continue;
      case 43: {
        // JLT64
        const a = r[d + 1]!;
        const b = r[s + 1]!;
        pc = (a === b ? r[d]! >>> 0 < r[s]! >>> 0 : a >>> 0 < b >>> 0) ? code[pc + 3]! : pc + 4;
        continue;
      }
      case 44: {
        // JLE64
        const a = r[d + 1]!;
        const b = r[s + 1]!;
        pc = (a === b ? r[d]! >>> 0 <= r[s]! >>> 0 : a >>> 0 < b >>> 0) ? code[pc + 3]! : pc + 4;
        continue;
      }
      case 45: {
        // JSLT64
        const a = r[d + 1]!;
        const b = r[s + 1]!;
        pc = (a === b ? r[d]! >>> 0 < r[s]! >>> 0 : a < b) ? code[pc + 3]! : pc + 4;
        continue;
      }
      case 46: {
        // JSLE64
        const a = r[d + 1]!;
        const b = r[s + 1]!;
        pc = (a === b ? r[d]! >>> 0 <= r[s]! >>> 0 : a < b) ? code[pc + 3]! : pc + 4;
        continue;
      }
      case 47: // JSET64
        pc = ((r[d]! & r[s]!) | (r[d + 1]! & r[s + 1]!)) !== 0 ? code[pc + 3]! : pc + 4;
        continue;
      case 48: // JEQ32
        pc = r[d] === r[s] ? code[pc + 3]! : pc + 4;
        continue;
      case 49: // JNE32
        pc = r[d] !== r[s] ? code[pc + 3]! : pc + 4;
        continue;
      case 50: // JLT32
        pc = r[d]! >>> 0 < r[s]! >>> 0 ? code[pc + 3]! : pc + 4;
        continue;
      case 51: // JLE32
        pc = r[d]! >>> 0 <= r[s]! >>> 0 ? code[pc + 3]! : pc + 4;
        continue;
      case 52: // JSLT32
        pc = r[d]! < r[s]! ? code[pc + 3]! : pc + 4;
        continue;
      case 53: // JSLE32
        pc = r[d]! <= r[s]! ? code[pc + 3]! : pc + 4;
        continue;
      case 54: // JSET32
        pc = (r[d]! & r[s]!) !== 0 ? code[pc + 3]! : pc + 4;
        continue;
      case 55: // MAY_GOTO
        if (state.budget === 0) {
          pc = code[pc + 3]!;
          continue;
        }
        state.budget--;
        break;
      case 56: {
        // CALL_HELPER
        state.pc = pc;
        state.left = left;
        const result = helpers[s]!(run, r[2]!, r[4]!, r[6]!, r[8]!, r[10]!);
        r[0] = result;
        r[1] = d === 0 ? result >> 31 : 0;
        view = memory.dataView;
        u8 = memory.u8;
        if (memory.regionEpoch !== epoch) {
          epoch = memory.regionEpoch;
          readEnd = writeEnd = 0;
        }
        break;
      }
      case 57: {
        // CALL_WIDE
        state.pc = pc;
        state.left = left;
        for (let i = 0; i < 10; i++) view.setInt32(args + i * 4, r[2 + i]!, true);
        const result = helpers[s]!(run, r[2]!, r[4]!, r[6]!, r[8]!, r[10]!);
        view = memory.dataView;
        u8 = memory.u8;
        r[0] = d === 2 ? view.getInt32(args, true) : result;
        r[1] = d === 2 ? view.getInt32(args + 4, true) : d === 0 ? result >> 31 : 0;
        if (memory.regionEpoch !== epoch) {
          epoch = memory.regionEpoch;
          readEnd = writeEnd = 0;
        }
        break;
      }
      case 58: // CALL_LOOP
      case 59: // CALL_LOCAL
      case 60: // TAIL_CALL
      case 61: // EXIT
      case 76: {
        // FELL_OFF
        state.pc = pc;
        state.left = left;
        const op = code[pc]!;
        let next: number;
        if (op === 59) next = callLocal(state, d, code[pc + 3]!);
        else if (op === 61) next = leave(state);
        else if (op === 58) next = enterLoop(state, s);
        else if (op === 60) next = tailCall(state);
        else next = fellOff(state);
        if (next < 0) {
          status = next === -1 ? FAULTED : DONE;
          break loop;
        }
        pc = next;
        r = state.registers;
        ({ code, helpers } = state.exe.translated);
        bottom = state.bottom | 0;
        if (op !== 59) {
          view = memory.dataView;
          u8 = memory.u8;
          if (memory.regionEpoch !== epoch) {
            epoch = memory.regionEpoch;
            readEnd = writeEnd = 0;
          }
        }
        continue;
      }
      case 62: {
        // LDX8
        let at = (r[s]! + code[pc + 3]!) | 0;
        if (r[s + 1] !== 0 || ((at < bottom || at > high - 1) && (at < readLow || at > readEnd - 1))) {
          at = reach(state, pc, r[s]!, r[s + 1]!, code[pc + 3]!, 1, false);
          if (at < 0) break loop;
          readLow = state.hitLow;
          readEnd = state.hitEnd;
        }
        r[d] = u8[at]!;
        r[d + 1] = 0;
        break;
      }
      case 63: {
        // LDX16
        let at = (r[s]! + code[pc + 3]!) | 0;
        if (r[s + 1] !== 0 || ((at < bottom || at > high - 2) && (at < readLow || at > readEnd - 2))) {
          at = reach(state, pc, r[s]!, r[s + 1]!, code[pc + 3]!, 2, false);
          if (at < 0) break loop;
          readLow = state.hitLow;
          readEnd = state.hitEnd;
        }
        r[d] = view.getUint16(at, true);
        r[d + 1] = 0;
        break;
      }
      case 64: {
        // LDX32
        let at = (r[s]! + code[pc + 3]!) | 0;
        if (r[s + 1] !== 0 || ((at < bottom || at > high - 4) && (at < readLow || at > readEnd - 4))) {
          at = reach(state, pc, r[s]!, r[s + 1]!, code[pc + 3]!, 4, false);
          if (at < 0) break loop;
          readLow = state.hitLow;
          readEnd = state.hitEnd;
        }
        r[d] = view.getInt32(at, true);
        r[d + 1] = 0;
        break;
      }
      case 65: {
        // LDX64
        let at = (r[s]! + code[pc + 3]!) | 0;
        if (r[s + 1] !== 0 || ((at < bottom || at > high - 8) && (at < readLow || at > readEnd - 8))) {
          at = reach(state, pc, r[s]!, r[s + 1]!, code[pc + 3]!, 8, false);
          if (at < 0) break loop;
          readLow = state.hitLow;
          readEnd = state.hitEnd;
        }
        r[d] = view.getInt32(at, true);
        r[d + 1] = view.getInt32(at + 4, true);
        break;
      }
      case 66: {
        // LDXS8
        let at = (r[s]! + code[pc + 3]!) | 0;
        if (r[s + 1] !== 0 || ((at < bottom || at > high - 1) && (at < readLow || at > readEnd - 1))) {
          at = reach(state, pc, r[s]!, r[s + 1]!, code[pc + 3]!, 1, false);
          if (at < 0) break loop;
          readLow = state.hitLow;
          readEnd = state.hitEnd;
        }
        const value = view.getInt8(at);
        r[d] = value;
        r[d + 1] = value >> 31;
        break;
      }
      case 67: {
        // LDXS16
        let at = (r[s]! + code[pc + 3]!) | 0;
        if (r[s + 1] !== 0 || ((at < bottom || at > high - 2) && (at < readLow || at > readEnd - 2))) {
          at = reach(state, pc, r[s]!, r[s + 1]!, code[pc + 3]!, 2, false);
          if (at < 0) break loop;
          readLow = state.hitLow;
          readEnd = state.hitEnd;
        }
        const value = view.getInt16(at, true);
        r[d] = value;
        r[d + 1] = value >> 31;
        break;
      }
      case 68: {
        // LDXS32
        let at = (r[s]! + code[pc + 3]!) | 0;
        if (r[s + 1] !== 0 || ((at < bottom || at > high - 4) && (at < readLow || at > readEnd - 4))) {
          at = reach(state, pc, r[s]!, r[s + 1]!, code[pc + 3]!, 4, false);
          if (at < 0) break loop;
          readLow = state.hitLow;
          readEnd = state.hitEnd;
        }
        const value = view.getInt32(at, true);
        r[d] = value;
        r[d + 1] = value >> 31;
        break;
      }
      case 69: {
        // PROBE
        const size = (d >>> 8) & 15;
        const to = d & 255;
        const at = tryReach(state, r[s]!, r[s + 1]!, code[pc + 3]!, size);
        probe(r, view, to, at, size, d >>> 12 !== 0);
        break;
      }
      case 70: {
        // STX8
        let at = (r[d]! + code[pc + 3]!) | 0;
        if (r[d + 1] !== 0 || ((at < bottom || at > high - 1) && (at < writeLow || at > writeEnd - 1))) {
          at = reach(state, pc, r[d]!, r[d + 1]!, code[pc + 3]!, 1, true);
          if (at < 0) break loop;
          writeLow = state.hitLow;
          writeEnd = state.hitEnd;
        }
        u8[at] = r[s]!;
        break;
      }
      case 71: {
        // STX16
        let at = (r[d]! + code[pc + 3]!) | 0;
        if (r[d + 1] !== 0 || ((at < bottom || at > high - 2) && (at < writeLow || at > writeEnd - 2))) {
          at = reach(state, pc, r[d]!, r[d + 1]!, code[pc + 3]!, 2, true);
          if (at < 0) break loop;
          writeLow = state.hitLow;
          writeEnd = state.hitEnd;
        }
        view.setInt16(at, r[s]!, true);
        break;
      }
      case 72: {
        // STX32
        let at = (r[d]! + code[pc + 3]!) | 0;
        if (r[d + 1] !== 0 || ((at < bottom || at > high - 4) && (at < writeLow || at > writeEnd - 4))) {
          at = reach(state, pc, r[d]!, r[d + 1]!, code[pc + 3]!, 4, true);
          if (at < 0) break loop;
          writeLow = state.hitLow;
          writeEnd = state.hitEnd;
        }
        view.setInt32(at, r[s]!, true);
        break;
      }
      case 73: {
        // STX64
        let at = (r[d]! + code[pc + 3]!) | 0;
        if (r[d + 1] !== 0 || ((at < bottom || at > high - 8) && (at < writeLow || at > writeEnd - 8))) {
          at = reach(state, pc, r[d]!, r[d + 1]!, code[pc + 3]!, 8, true);
          if (at < 0) break loop;
          writeLow = state.hitLow;
          writeEnd = state.hitEnd;
        }
        view.setInt32(at, r[s]!, true);
        view.setInt32(at + 4, r[s + 1]!, true);
        break;
      }
      case 74: {
        // ATOMIC
        const base = d & 255;
        const size = (d >>> 8) & 15;
        const at = reach(state, pc, r[base]!, r[base + 1]!, code[pc + 3]!, size, true);
        if (at < 0) break loop;
        atomic(r, view, d >>> 12, size, s, at);
        break;
      }
      case 75: {
        // LD_PACKET
        state.pc = pc;
        state.left = left;
        const load = state.exe.linkage.loadPacket;
        if (load === undefined) {
          state.fault = noPacketAccess(state);
          break loop;
        }
        // The context is in R6, by definition of these loads.
        const value = load(run, r[12]!, (r[s]! + code[pc + 3]!) | 0, d);
        view = memory.dataView;
        u8 = memory.u8;
        if (memory.regionEpoch !== epoch) {
          epoch = memory.regionEpoch;
          readEnd = writeEnd = 0;
        }
        r[0] = Math.max(value, 0);
        r[1] = 0;
        if (value >= 0) break;
        const next = leave(state);
        if (next < 0) {
          status = next === -1 ? FAULTED : DONE;
          break loop;
        }
        pc = next;
        r = state.registers;
        ({ code, helpers } = state.exe.translated);
        bottom = state.bottom | 0;
        continue;
      }
      default:
        throw new Error(`operation ${code[pc]} is not one of the machine's`);
    }
    pc += 4;
  }
  state.pc = pc;
  state.left = left;
  return status;
}

/** `dst = *(size *)at`, or 0 where nothing is. */
function probe(r: Int32Array, view: DataView, to: number, at: number, size: number, signed: boolean): void {
  let lo = 0;
  let hi = 0;
  if (at >= 0) {
    if (size === 1) lo = signed ? view.getInt8(at) : view.getUint8(at);
    else if (size === 2) lo = signed ? view.getInt16(at, true) : view.getUint16(at, true);
    else lo = view.getInt32(at, true);
    if (size === 8) hi = view.getInt32(at + 4, true);
    else if (signed) hi = lo >> 31;
  }
  r[to] = lo;
  r[to + 1] = hi;
}
