import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY } from "@bpf-ts/uapi/map-types";
import { isConst } from "../../../domain/index.ts";
import { trackPrecision } from "../../../precision/mark.ts";
import { reject, verifierBug } from "../../../reject.ts";
import { type Env, reg } from "../../../state/env.ts";
import type { RegState } from "../../../state/reg-state.ts";
import { PTR_TO_STACK } from "../../../state/reg-type.ts";
import { isSpilledScalarReg, STACK_SPILL, STACK_ZERO } from "../../../state/stack-slot.ts";
import { checkHelperMemAccess } from "../../mem/helper.ts";
import { isRegNull } from "../../reg-arg.ts";
import type { CallMeta } from "../meta.ts";
import type { ArgContext } from "./context.ts";

/** The map itself. */
export function checkConstMapPtr({ env, meta, regno }: ArgContext): void {
  const r = reg(env, regno);
  // A timer was given before: its map must be this one, inner maps of one outer map told apart.
  if (meta.map !== null && (meta.map !== r.map || meta.mapUid !== r.mapUid)) {
    reject(
      env,
      env.insnIdx,
      "map",
      EINVAL,
      `timer pointer in R1 map_uid=${meta.mapUid} doesn't match map pointer in R2 map_uid=${r.mapUid}`,
    );
  }
  meta.map = r.map;
  meta.mapUid = r.mapUid;
}

/** A key of the map given before. */
export function checkMapKey({ env, meta, regno }: ArgContext): void {
  const map = meta.map ?? verifierBug("invalid map_ptr to access map->key");
  checkHelperMemAccess(env, regno, map.def.keySize, false, false, null);
  if (canElideValueNullness(map.def.type)) meta.constMapKey = constantMapKey(env, reg(env, regno), map.def.keySize);
}

/** A value of the map given before. */
export function checkMapValue({ env, meta, arg, regno }: ArgContext): void {
  if (arg.nullable === true && isRegNull(reg(env, regno))) return;
  const map = meta.map ?? verifierBug("invalid map_ptr to access map->value");
  meta.rawMode = arg.uninit === true;
  checkHelperMemAccess(env, regno, map.def.valueSize, arg.write === true, false, meta);
}

/**
 * Maps in which every key below their size is present, so that a look-up of a known one can't fail.
 *
 * @see v6.18 kernel/bpf/verifier.c, can_elide_value_nullness
 */
export function canElideValueNullness(mapType: number): boolean {
  return mapType === BPF_MAP_TYPE_ARRAY || mapType === BPF_MAP_TYPE_PERCPU_ARRAY;
}

/** The key that a register points to if it is a number known now, which then must stay as precise; -1 if not. */
function constantMapKey(env: Env, key: RegState, keySize: number): bigint {
  if (!env.bpfCapable || key.type !== PTR_TO_STACK || !isConst(key.scalar)) return -1n;
  const off = key.off + Number(BigInt.asIntN(64, key.scalar.tnum.value));
  const spi = (-off - 1) >> 3;
  const first = (-off - 1) & 7;
  const slot = env.cur.frames[key.frameno]!.stack[spi];
  if (slot === undefined) return -1n;
  const run = (type: number): number => {
    let n = 0;
    while (first - n >= 0 && slot.typeAt(first - n) === type) n++;
    return n;
  };
  if (run(STACK_ZERO) >= keySize) return 0n;
  if (!isSpilledScalarReg(slot) || run(STACK_SPILL) !== keySize || !isConst(slot.reg.scalar)) return -1n;
  env.bt.setSlot(key.frameno, spi);
  trackPrecision(env, env.cur, -1);
  return BigInt.asIntN(64, slot.reg.scalar.tnum.value);
}

/** The key of an array look-up is one that the array has. */
export function keyIsPresent(meta: CallMeta): boolean {
  const { map, constMapKey } = meta;
  return (
    map !== null && canElideValueNullness(map.def.type) && constMapKey >= 0n && constMapKey < BigInt(map.def.maxEntries)
  );
}
