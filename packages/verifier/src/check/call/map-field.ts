import { EINVAL } from "@bpf-ts/uapi/errno";
import { isConst } from "../../domain/index.ts";
import { reject } from "../../reject.ts";
import { type Env, reg } from "../../state/env.ts";
import type { VerifierMap } from "../../types.ts";
import { constOffset } from "../mem/const-offset.ts";
import { type FieldKind, fieldTypeName, mapRecord } from "../record/record.ts";

/** What notes that a call was given a timer or work, and in which map. */
export interface MapNote {
  map: VerifierMap | null;
  mapUid: number;
}

/**
 * A pointer to the timer, work queue or task work in a map's value; its map is noted.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_map_field_pointer
 */
export function checkMapField(env: Env, regno: number, kind: FieldKind, note: MapNote): void {
  const r = reg(env, regno);
  const name = fieldTypeName(kind);
  const refuse = (text: string): never => reject(env, env.insnIdx, "map", EINVAL, text);
  if (!isConst(r.scalar)) {
    refuse(`R${regno} doesn't have constant offset. ${name} has to be at the constant offset`);
  }
  const { map } = r;
  if (map.btf === undefined) refuse(`map '${map.name}' has to have BTF in order to use ${name}`);
  const field = mapRecord(env, map)?.fields.find((f) => f.kind === kind);
  if (field === undefined) refuse(`map '${map.name}' has no valid ${name}`);
  const off = constOffset(r);
  if (field !== undefined && off !== field.offset) {
    refuse(`off ${off} doesn't point to 'struct ${name}' that is at ${field.offset}`);
  }
  note.map = map;
  note.mapUid = r.mapUid;
}
