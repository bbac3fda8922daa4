/**
 * Records of special fields: which parts of a map's value or of an allocated object must not be touched by plain loads and stores.
 *
 * Which map types may have which fields is decided when a map is created (map_check_btf: locks in hash, array and local storage maps, timers and
 * work queues in hash and array maps, kernel pointers in those and in per-CPU ones, and so on); here every map is taken as created.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_parse_fields; v6.18 kernel/bpf/syscall.c, btf_record_find, btf_record_has_field
 */

import {
  type Btf,
  type BtfField,
  FIELD_LAYOUT,
  type FieldKind,
  MAP_FIELDS,
  OBJECT_FIELDS,
  specialFields,
} from "@bpf-ts/btf";
import type { Env } from "../../state/env.ts";
import type { VerifierMap } from "../../types.ts";

export type { BtfField, FieldKind } from "@bpf-ts/btf";

/** Special fields of one type, never empty. */
export interface BtfRecord {
  /** By offset; they don't overlap. */
  readonly fields: readonly BtfField[];
}

/** Does a record have a field of one of these kinds? */
export function hasField(record: BtfRecord, ...kinds: readonly FieldKind[]): boolean {
  return record.fields.some((f) => kinds.includes(f.kind));
}

/** The field at `offset` if it is of one of these kinds. */
export function findField(record: BtfRecord, offset: number, ...kinds: readonly FieldKind[]): BtfField | undefined {
  return record.fields.find((f) => f.offset === offset && kinds.includes(f.kind));
}

/** What the log calls such a field. @see v6.18 include/linux/bpf.h, btf_field_type_name */
export function fieldTypeName(kind: FieldKind): string {
  return FIELD_LAYOUT[kind].name;
}

/** What the kernel can't make sense of has no record, as it leaves such maps without one. */
function typeRecord(btf: Btf, typeId: number, wanted: ReadonlySet<FieldKind>): BtfRecord | undefined {
  const fields = specialFields(btf, typeId, wanted);
  if (typeof fields === "number" || fields.length === 0) return undefined;
  return { fields: [...fields].sort((a, b) => a.offset - b.offset) };
}

/** Special fields of a map's value, undefined if it has none. Found once a program. */
export function mapRecord(env: Pick<Env, "mapRecords">, map: VerifierMap): BtfRecord | undefined {
  const known = env.mapRecords.get(map);
  if (known !== undefined) return known === null ? undefined : known;
  const typed = map.btf !== undefined && map.valueTypeId !== undefined && map.valueTypeId !== 0;
  const record = typed ? typeRecord(map.btf, map.btf.resolve(map.valueTypeId), MAP_FIELDS) : undefined;
  env.mapRecords.set(map, record ?? null);
  return record;
}

/** Special fields of a struct of the program's BTF of which it may allocate objects, undefined if it has none. */
export function recordOf(btf: Btf, typeId: number): BtfRecord | undefined {
  return typeRecord(btf, typeId, OBJECT_FIELDS);
}

/**
 * The type that a kernel pointer points to: that of the kernel with the same name and kind, or the program's own, which then is one of objects
 * that programs allocate.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_parse_kptr
 */
export function kptrTarget(btf: Btf, field: BtfField, kernelBtf: Btf): { btf: Btf; btfId: number } {
  const own = field.pointee!;
  const id = kernelBtf.findByName(btf.nameOf(own), btf.kindOf(own));
  return id === undefined ? { btf, btfId: own } : { btf: kernelBtf, btfId: id };
}
