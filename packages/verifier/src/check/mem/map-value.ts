import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_F_RDONLY_PROG } from "@bpf-ts/uapi/map-flags";
import { constant, constSigned, isConst } from "../../domain/index.ts";
import { reject } from "../../reject.ts";
import { curFrame, type Env, reg } from "../../state/env.ts";
import { REG_UNKNOWN, scalarReg } from "../../state/reg-state.ts";
import { accessKptr } from "../call/kptr.ts";
import { findField, mapRecord } from "../record/record.ts";
import { ACCESS_DIRECT, checkMapAccess, checkMapAccessType } from "./map.ts";

/** Loads and stores in a map's value. What can't change any more is read right here. */
export function accessMapValue(
  env: Env,
  insnIdx: number,
  regno: number,
  off: number,
  size: number,
  write: boolean,
  valueRegno: number,
  isLdsx: boolean,
): void {
  checkMapAccessType(env, regno, off, size, write);
  checkMapAccess(env, regno, off, size, false, ACCESS_DIRECT);
  const r = reg(env, regno);
  const { map } = r;
  const known = isConst(r.scalar);
  const at = known ? off + Number(constSigned(r.scalar)) : 0;
  const record = known ? mapRecord(env, map) : undefined;
  if (record !== undefined) {
    const field = findField(record, at, "kptr_unref", "kptr_ref", "kptr_percpu", "uptr");
    if (field !== undefined) {
      accessKptr(env, insnIdx, regno, field, valueRegno);
      return;
    }
  }
  if (write || valueRegno < 0) return;
  const regs = curFrame(env).regs;
  regs[valueRegno] = REG_UNKNOWN;
  if (!known || !map.frozen || (map.def.mapFlags & BPF_F_RDONLY_PROG) === 0 || map.valueAddress === undefined) return;
  const address = map.valueAddress(at);
  if (address < 0) reject(env, insnIdx, "map", -address, "");
  const value = map.readConst?.(at, size);
  if (value === undefined) reject(env, insnIdx, "map", EINVAL, "");
  regs[valueRegno] = scalarReg(constant(isLdsx ? BigInt.asIntN(size * 8, value) : value));
}
