/**
 * Registers and stack in the words of the kernel's log.
 *
 * @see v6.18 kernel/bpf/log.c, print_verifier_state, print_reg_state, print_insn_state
 */
import { constSigned, formatRanges, formatSigned, formatUnsigned, isConst } from "../domain/index.ts";
import type { Env } from "../state/env.ts";
import type { FuncState } from "../state/func-state.ts";
import type { RegState } from "../state/reg-state.ts";
import {
  baseType,
  CONST_PTR_TO_DYNPTR,
  CONST_PTR_TO_MAP,
  NOT_INIT,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_STACK,
  SCALAR_VALUE,
  typeIsNonOwningRef,
  typeIsPktPointer,
} from "../state/reg-type.ts";
import { distanceFlag, plainId } from "../state/scalar-id.ts";
import {
  STACK_DYNPTR,
  STACK_INVALID,
  STACK_IRQ_FLAG,
  STACK_ITER,
  STACK_MISC,
  STACK_SPILL,
  STACK_ZERO,
} from "../state/stack-slot.ts";
import type { VerifierState } from "../state/verifier-state.ts";
import { regTypeStr } from "./reg-type-str.ts";

const SLOT_CHARS: Readonly<Record<number, string>> = {
  [STACK_INVALID]: "?",
  [STACK_SPILL]: "r",
  [STACK_MISC]: "m",
  [STACK_ZERO]: "0",
  [STACK_DYNPTR]: "d",
  [STACK_ITER]: "i",
  [STACK_IRQ_FLAG]: "f",
};

const DYNPTR_NAMES = ["<invalid>", "local", "ringbuf", "skb", "xdp", "skb_meta"];

/** `local`, `ringbuf` … @see v6.18 kernel/bpf/log.c, dynptr_type_str */
export function dynptrTypeStr(type: number): string {
  return DYNPTR_NAMES[type] ?? "<unknown>";
}

const ITER_STATES = ["<invalid>", "active", "drained"];

/** A register: `scalar(umax=255)`, `ctx()`, `fp-8`, `map_value(map=m,ks=4,vs=8)`. `frameno`: the frame it is printed for. */
export function regText(reg: RegState, frameno: number): string {
  const type = reg.type;
  const known = isConst(reg.scalar);
  if (type === SCALAR_VALUE) {
    const precise = reg.precise ? "P" : "";
    if (known) return precise + formatSigned(constSigned(reg.scalar));
    return `${precise}scalar(${attributes(reg, known)})`;
  }
  let text = regTypeStr(type);
  if (type === PTR_TO_ARENA) return text;
  if (type === PTR_TO_STACK) {
    if (frameno !== reg.frameno) text += `[${reg.frameno}]`;
    if (known) return text + formatSigned(constSigned(reg.scalar) + BigInt(reg.off));
  }
  if (baseType(type) === PTR_TO_BTF_ID) text += reg.btf.nameOf(reg.btfId);
  return `${text}(${attributes(reg, known)})`;
}

function attributes(reg: RegState, known: boolean): string {
  const type = reg.type;
  const base = baseType(type);
  const parts: string[] = [];
  let idText = "";
  if (reg.id !== 0) idText = `id=${plainId(reg.id)}`;
  if (distanceFlag(reg.id) !== 0) idText += reg.off >= 0 ? `+${reg.off}` : String(reg.off);
  if (idText !== "") parts.push(idText);
  if (reg.refObjId !== 0) parts.push(`ref_obj_id=${reg.refObjId}`);
  if (typeIsNonOwningRef(type)) parts.push("non_own_ref");
  if (base === CONST_PTR_TO_MAP || base === PTR_TO_MAP_KEY || base === PTR_TO_MAP_VALUE) {
    const map = reg.map;
    if (map.name !== "") parts.push(`map=${map.name}`);
    parts.push(`ks=${map.def.keySize}`, `vs=${map.def.valueSize}`);
  }
  if (type !== SCALAR_VALUE && reg.off !== 0) parts.push(`off=${formatSigned(BigInt(reg.off))}`);
  if (typeIsPktPointer(type)) parts.push(`r=${formatUnsigned(BigInt.asUintN(64, BigInt(reg.range)))}`);
  if (base === PTR_TO_MEM) parts.push(`sz=${formatUnsigned(BigInt(reg.memSize >>> 0))}`);
  if (type === CONST_PTR_TO_DYNPTR) parts.push(`type=${dynptrTypeStr(reg.dynptrType)}`);
  if (known) {
    const imm = constSigned(reg.scalar);
    if (imm !== 0n) parts.push(`imm=${formatSigned(imm)}`);
  } else {
    const ranges = formatRanges(reg.scalar);
    if (ranges !== "") parts.push(ranges);
  }
  return parts.join(",");
}

/** Which registers and slots of a frame to show. */
interface Shown {
  readonly regs: number;
  readonly slotsLo: number;
  readonly slotsHi: number;
}

const ALL: Shown = { regs: -1, slotsLo: -1, slotsHi: -1 };

/** One frame as one line, with its leading space and newline. */
export function frameText(state: VerifierState, frameno: number, shown: Shown = ALL): string {
  const frame: FuncState = state.frames[frameno]!;
  let text = frame.frameno !== 0 ? ` frame${frame.frameno}:` : "";
  for (let i = 0; i < frame.regs.length; i++) {
    const reg = frame.regs[i]!;
    if (reg.type !== NOT_INIT && shown.regs & (1 << i)) text += ` R${i}=${regText(reg, frame.frameno)}`;
  }
  for (let i = 0; i < frame.stack.length; i++) {
    if (((i < 32 ? shown.slotsLo >>> i : shown.slotsHi >>> (i - 32)) & 1) === 0) continue;
    const slot = frame.stack[i]!;
    if (slot.types === 0) continue;
    let types = "";
    for (let j = 0; j < 8; j++) types += SLOT_CHARS[slot.typeAt(j)];
    switch (slot.typeAt(7)) {
      case STACK_SPILL: {
        const first = types.indexOf("r");
        text += ` fp${(-i - 1) * 8}=${types.slice(0, first)}${regText(slot.reg, frame.frameno)}`;
        break;
      }
      case STACK_DYNPTR: {
        i++;
        const reg = frame.stack[i]!.reg;
        const parts: string[] = [];
        if (reg.id !== 0) parts.push(`id=${reg.id}`);
        if (reg.refObjId !== 0) parts.push(`ref_id=${reg.refObjId}`);
        if (reg.dynptrId !== 0) parts.push(`dynptr_id=${reg.dynptrId}`);
        text += ` fp${(-i - 1) * 8}=dynptr_${dynptrTypeStr(reg.dynptrType)}(${parts.join(",")})`;
        break;
      }
      case STACK_ITER: {
        const reg = slot.reg;
        if (reg.refObjId === 0) continue;
        const name = reg.btf.nameOf(reg.btfId).slice("bpf_iter_".length);
        const state = ITER_STATES[reg.iterState] ?? "<unknown>";
        text += ` fp${(-i - 1) * 8}=iter_${name}(ref_id=${reg.refObjId},state=${state},depth=${reg.iterDepth})`;
        break;
      }
      default:
        text += ` fp${(-i - 1) * 8}=${types}`;
    }
  }
  if (state.refs.length > 0 && state.refs[0]!.id !== 0) {
    const ids = state.refs.filter((r) => r.id !== 0).map((r) => r.id);
    text += ` refs=${ids.join(",")}`;
  }
  if (frame.inCallbackFn) text += " cb";
  if (frame.inAsyncCallbackFn) text += " async_cb";
  return `${text}\n`;
}

/** Logs a whole frame. */
export function printState(env: Env, state: VerifierState, frameno: number): void {
  env.log.write(frameText(state, frameno));
}

const MIN_ALIGNMENT = 8;
const ALIGNMENT = 40;

/** Spaces that bring the column behind a text of `length` to where states are printed. */
function alignment(length: number): number {
  const at = Math.max(length + MIN_ALIGNMENT / 2, ALIGNMENT);
  return Math.ceil(at / MIN_ALIGNMENT) * MIN_ALIGNMENT - length - 1;
}

/** Logs what the last instruction touched: behind its text if nothing came in between, else on a line of its own. */
export function printInsnState(env: Env, state: VerifierState): void {
  const log = env.log;
  const shown = { regs: env.scratchedRegs, slotsLo: env.scratchedSlotsLo, slotsHi: env.scratchedSlotsHi };
  const text = frameText(state, state.curframe, shown);
  if (env.prevLogPos >= 0 && env.prevLogPos === log.position) {
    log.continueLine();
    log.write(`${" ".repeat(alignment(env.prevInsnPrintLen) - 1)};${text}`);
  } else {
    log.write(`${env.insnIdx}:${text}`);
  }
  env.scratchedRegs = 0;
  env.scratchedSlotsLo = 0;
  env.scratchedSlotsHi = 0;
}
