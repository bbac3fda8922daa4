import { EBADF, EINVAL, ENOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_F_INNER_MAP } from "@bpf-ts/uapi/map-flags";
import type { CreateOptions } from "../create.ts";
import type { BpfMap, FdValue, MapMeta } from "../map.ts";
import type { SpecialField } from "../record.ts";

/**
 * What a map of maps keeps of its template, or a negative errno: no template, a template that is a map of maps itself, a type that can't be inside.
 *
 * @see v6.18 kernel/bpf/map_in_map.c, bpf_map_meta_alloc
 */
export function templateOf(options: CreateOptions): MapMeta | number {
  const template = options.inner?.() ?? -EBADF;
  if (typeof template === "number") return template;
  if (template.inner !== undefined) return -EINVAL;
  const rule = template.asInner;
  if (rule === undefined) return -ENOTSUPP;
  const { type, keySize, valueSize, maxEntries, mapFlags } = template.def;
  return { rule, type, keySize, valueSize, maxEntries, mapFlags, record: template.record };
}

/**
 * Whether a map may be stored where `meta` is the template.
 *
 * @see v6.18 kernel/bpf/map_in_map.c, bpf_map_meta_equal; arraymap.c, array_map_meta_equal
 */
export function isLike(meta: MapMeta, map: BpfMap): boolean {
  const { def } = map;
  if (meta.type !== def.type || meta.keySize !== def.keySize || meta.valueSize !== def.valueSize) return false;
  if (meta.mapFlags !== def.mapFlags || !sameRecord(meta.record, map.record)) return false;
  if (meta.rule === "any entries") return true;
  return (meta.mapFlags & BPF_F_INNER_MAP) !== 0 || meta.maxEntries === def.maxEntries;
}

function sameRecord(a: readonly SpecialField[], b: readonly SpecialField[]): boolean {
  return (
    a.length === b.length &&
    a.every((field, i) => {
      const other = b[i]!;
      return field.offset === other.offset && field.size === other.size && field.kind === other.kind;
    })
  );
}

/** The inner map of an fd, if it is like the template; a negative errno if not. */
export function acquireInner(map: BpfMap, meta: MapMeta, fd: number): FdValue | number {
  const value = map.table.hooks.getValue?.(map, fd) ?? -EBADF;
  if (typeof value === "number") return value;
  const inner = map.table.get(value.handle);
  if (inner !== undefined && isLike(meta, inner)) return value;
  map.table.hooks.putValue?.(map, value);
  return -EINVAL;
}
