/**
 * Loads and stores through a pointer of any type.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_mem_access
 */
import { EACCES } from "@bpf-ts/uapi/errno";
import { movsx64, truncate } from "../../domain/index.ts";
import { regTypeStr } from "../../log/reg-type-str.ts";
import { reject } from "../../reject.ts";
import { curFrame, type Env } from "../../state/env.ts";
import { REG_UNKNOWN, type RegState } from "../../state/reg-state.ts";
import {
  baseType,
  CONST_PTR_TO_MAP,
  MEM_RDONLY,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_FLOW_KEYS,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_STACK,
  PTR_TO_TP_BUFFER,
  PTR_UNTRUSTED,
  SCALAR_VALUE,
  typeIsPktPointer,
  typeIsSkPointer,
  typeMayBeNull,
} from "../../state/reg-type.ts";
import { unsupported } from "../../unsupported.ts";
import { isPointerValue } from "../reg-arg.ts";
import { checkAlignment } from "./alignment.ts";
import { checkMapPtrAccess, checkPtrToBtfAccess } from "./btf.ts";
import { checkBufferAccess } from "./buffer.ts";
import { accessCtx } from "./ctx.ts";
import { accessMapValue } from "./map-value.ts";
import { checkPacketAccess, mayAccessPacket } from "./packet.ts";
import { checkMemRegionAccess } from "./region.ts";
import { checkFlowKeysAccess, checkSockAccess } from "./sock.ts";
import { checkStackBounds } from "./stack-bounds.ts";
import { checkStackRead } from "./stack-read.ts";
import { checkStackWrite } from "./stack-write.ts";

/**
 * Refuses the access, or notes what it does to `env.cur`.
 *
 * @param off fixed offset in the instruction; the register's is added
 * @param size bytes: 1, 2, 4, 8
 * @param valueRegno register stored or loaded; -1: none, an immediate, or a value that does not matter
 * @param strictOnce misaligned accesses are refused whatever the program's flags
 * @param isLdsx the load extends the sign
 */
export function checkMemAccess(
  env: Env,
  insnIdx: number,
  regno: number,
  off: number,
  size: number,
  write: boolean,
  valueRegno: number,
  strictOnce: boolean,
  isLdsx: boolean,
): void {
  const regs = curFrame(env).regs;
  const r = regs[regno]!;
  checkAlignment(env, r, off, size, strictOnce);
  accessByType(env, insnIdx, r, regno, off + r.off, size, write, valueRegno, isLdsx);
  if (write || size === 8 || valueRegno < 0) return;
  const value = regs[valueRegno]!;
  if (value.type !== SCALAR_VALUE) return;
  const scalar = isLdsx ? movsx64(value.scalar, size) : truncate(value.scalar, size);
  if (scalar !== value.scalar) regs[valueRegno] = value.withScalar(scalar);
}

function refuse(env: Env, text: string): never {
  reject(env, env.insnIdx, "memory", EACCES, text);
}

/** Stores of pointers where unprivileged programs could read them back. */
function checkLeak(env: Env, write: boolean, valueRegno: number, where: string): void {
  if (write && valueRegno >= 0 && isPointerValue(env, valueRegno)) {
    refuse(env, `R${valueRegno} leaks addr into ${where}`);
  }
}

function loadUnknown(env: Env, write: boolean, valueRegno: number): void {
  if (!write && valueRegno >= 0) curFrame(env).regs[valueRegno] = REG_UNKNOWN;
}

function accessByType(
  env: Env,
  insnIdx: number,
  r: RegState,
  regno: number,
  off: number,
  size: number,
  write: boolean,
  valueRegno: number,
  isLdsx: boolean,
): void {
  const { type } = r;
  const base = baseType(type);
  switch (base) {
    case PTR_TO_STACK:
      if (type !== PTR_TO_STACK) break;
      checkStackBounds(env, regno, off, size, write);
      if (write) checkStackWrite(env, regno, off, size, valueRegno, insnIdx);
      else checkStackRead(env, regno, off, size, valueRegno);
      return;
    case PTR_TO_MAP_VALUE:
      if (type !== PTR_TO_MAP_VALUE) break;
      checkLeak(env, write, valueRegno, "map");
      accessMapValue(env, insnIdx, regno, off, size, write, valueRegno, isLdsx);
      return;
    case PTR_TO_MAP_KEY:
      if (type !== PTR_TO_MAP_KEY) break;
      if (write) refuse(env, `write to change key R${regno} not allowed`);
      checkMemRegionAccess(env, regno, off, size, r.map.def.keySize, false);
      loadUnknown(env, write, valueRegno);
      return;
    case PTR_TO_MEM: {
      if (typeMayBeNull(type)) break;
      const readOnly = (type & MEM_RDONLY) !== 0;
      if (write && readOnly) refuse(env, `R${regno} cannot write into ${regTypeStr(type)}`);
      checkLeak(env, write, valueRegno, "mem");
      if (!(readOnly && type & PTR_UNTRUSTED)) checkMemRegionAccess(env, regno, off, size, r.memSize, false);
      if (valueRegno >= 0 && (!write || readOnly)) curFrame(env).regs[valueRegno] = REG_UNKNOWN;
      return;
    }
    case PTR_TO_CTX:
      if (type !== PTR_TO_CTX) break;
      checkLeak(env, write, valueRegno, "ctx");
      accessCtx(env, insnIdx, r, regno, off, size, write, valueRegno, isLdsx);
      return;
    case PTR_TO_FLOW_KEYS:
      if (type !== PTR_TO_FLOW_KEYS) break;
      checkLeak(env, write, valueRegno, "flow keys");
      checkFlowKeysAccess(env, off, size);
      loadUnknown(env, write, valueRegno);
      return;
    case PTR_TO_TP_BUFFER:
      if (type !== PTR_TO_TP_BUFFER) break;
      checkBufferAccess(env, r, regno, off, size, "tracepoint");
      loadUnknown(env, write, valueRegno);
      return;
    case PTR_TO_BTF_ID:
      if (typeMayBeNull(type)) break;
      checkPtrToBtfAccess(env, regno, off, size, write, valueRegno);
      return;
    case CONST_PTR_TO_MAP:
      if (type !== CONST_PTR_TO_MAP) break;
      checkMapPtrAccess(env, regno, off, size, write, valueRegno);
      return;
    case PTR_TO_BUF: {
      const readOnly = (type & MEM_RDONLY) !== 0;
      if (typeMayBeNull(type)) break;
      if (write && readOnly) refuse(env, `R${regno} cannot write into ${regTypeStr(type)}`);
      checkBufferAccess(env, r, regno, off, size);
      if (valueRegno >= 0 && (readOnly || !write)) curFrame(env).regs[valueRegno] = REG_UNKNOWN;
      return;
    }
    case PTR_TO_ARENA:
      unsupported("arena");
      break;
    default:
      if (typeIsPktPointer(type)) {
        if (write && !mayAccessPacket(env, true)) refuse(env, "cannot write into packet");
        checkLeak(env, write, valueRegno, "packet");
        checkPacketAccess(env, regno, off, size, false);
        loadUnknown(env, write, valueRegno);
        return;
      }
      if (typeIsSkPointer(type)) {
        if (write) refuse(env, `R${regno} cannot write into ${regTypeStr(type)}`);
        checkSockAccess(env, regno, off, size);
        if (valueRegno >= 0) curFrame(env).regs[valueRegno] = REG_UNKNOWN;
        return;
      }
  }
  refuse(env, `R${regno} invalid mem access '${regTypeStr(type)}'`);
}
