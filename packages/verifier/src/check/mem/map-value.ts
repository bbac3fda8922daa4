import { BPF_CLASS, BPF_LDX, BPF_MEM, BPF_MODE, BPF_STX } from "@bpf-ts/isa";
import { EACCES, EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_F_RDONLY_PROG } from "@bpf-ts/uapi/map-flags";
import { constant, constSigned, isConst } from "../../domain/index.ts";
import { reject } from "../../reject.ts";
import { curFrame, type Env, reg } from "../../state/env.ts";
import { REG_UNKNOWN, scalarReg } from "../../state/reg-state.ts";
import { unsupported } from "../../unsupported.ts";
import { type BtfField, findField, mapRecord } from "../record/record.ts";
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
    if (field !== undefined) accessKptr(env, insnIdx, field);
  }
  if (write || valueRegno < 0) return;
  const regs = curFrame(env).regs;
  regs[valueRegno] = REG_UNKNOWN;
  if (!known || !map.frozen || (map.def.mapFlags & BPF_F_RDONLY_PROG) === 0 || map.valueAddress === undefined) return;
  const value = map.readConst?.(at, size);
  if (value === undefined) reject(env, insnIdx, "map", EINVAL, "");
  regs[valueRegno] = scalarReg(constant(isLdsx ? BigInt.asIntN(size * 8, value) : value));
}

/** @see v6.18 kernel/bpf/verifier.c, check_map_kptr_access */
function accessKptr(env: Env, insnIdx: number, field: BtfField): never {
  const insn = env.insns[insnIdx]!;
  const refuse = (text: string): never => reject(env, insnIdx, "map", EACCES, text);
  if (BPF_MODE(insn.code) !== BPF_MEM) {
    refuse("kptr in map can only be accessed using BPF_MEM instruction mode");
  }
  const klass = BPF_CLASS(insn.code);
  if (klass !== BPF_LDX) {
    if (field.kind === "kptr_ref" || field.kind === "kptr_percpu") refuse("store to referenced kptr disallowed");
    if (field.kind === "uptr") refuse("store to uptr disallowed");
    if (klass !== BPF_STX && insn.imm !== 0) {
      refuse(`BPF_ST imm must be 0 when storing to kptr at off=${field.offset}`);
    }
  }
  unsupported("kptr");
}
