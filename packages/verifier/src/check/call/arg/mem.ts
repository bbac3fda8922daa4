import { EACCES } from "@bpf-ts/uapi/errno";
import { isConst } from "../../../domain/index.ts";
import { markChainPrecision } from "../../../precision/mark.ts";
import { reject } from "../../../reject.ts";
import { reg } from "../../../state/env.ts";
import { checkAlignment } from "../../mem/alignment.ts";
import { checkHelperMemAccess } from "../../mem/helper.ts";
import type { ArgContext } from "./context.ts";
import { checkMemSizeReg } from "./helper-mem.ts";

/** Memory of a fixed size; without one, the size is in the next argument and the access is checked there. */
export function checkMem({ env, meta, arg, regno }: ArgContext): void {
  meta.rawMode = arg.uninit === true;
  if (arg.size === undefined) return;
  checkHelperMemAccess(env, regno, arg.size, arg.write === true, false, meta);
  if (arg.aligned === true) checkAlignment(env, reg(env, regno), 0, arg.size, true);
}

export function checkConstSize({ env, meta, before, regno }: ArgContext): void {
  checkMemSizeReg(env, regno, before?.write === true, false, meta);
}

export function checkConstSizeOrZero({ env, meta, before, regno }: ArgContext): void {
  checkMemSizeReg(env, regno, before?.write === true, true, meta);
}

/** Bytes that the helper allocates and returns. */
export function checkAllocSize({ env, meta, regno }: ArgContext): void {
  const { scalar } = reg(env, regno);
  if (!isConst(scalar)) reject(env, env.insnIdx, "memory", EACCES, `R${regno} is not a known constant'`);
  meta.memSize = Number(scalar.tnum.value & 0xffffffffn);
  markChainPrecision(env, regno);
}
