import type { Btf } from "@bpf-ts/btf";
import { walkStruct } from "./struct-walk.ts";

/** What the comparison logs on its way; log lines are part of it because a failed walk says why. */
export type LogLine = (text: string) => void;

/**
 * Whether a pointer to `id` + `off` can stand for a pointer to `needId`: the same struct, or one whose member at that offset (or its
 * first member, and so on inwards) is that struct. `strict` asks for the same struct.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_struct_ids_match
 */
export function structIdsMatch(
  btf: Btf,
  id: number,
  off: number,
  needBtf: Btf,
  needId: number,
  strict: boolean,
  flexArrays: boolean,
  log: LogLine,
): boolean {
  if (off === 0 && typesAreSame(btf, id, needBtf, needId)) return true;
  if (strict) return false;
  let at = id;
  let inner = off;
  let flags = 0;
  for (;;) {
    const found = walkStruct(btf, at, inner, 1, flags, flexArrays);
    if (found.kind === "fault") log(found.text);
    if (found.kind !== "struct") return false;
    if (typesAreSame(btf, found.id, needBtf, needId)) return true;
    at = found.id;
    flags = found.flags;
    inner = 0;
  }
}

/** @see v6.18 kernel/bpf/btf.c, btf_types_are_same */
export function typesAreSame(btf: Btf, id: number, other: Btf, otherId: number): boolean {
  // Ids below a split BTF's own are its base's, so the same id in both names the same record.
  return id === otherId && (btf === other || ownerOf(btf, id) === ownerOf(other, id));
}

function ownerOf(btf: Btf, id: number): Btf {
  let at = btf;
  while (id < at.firstId && at.base !== undefined) at = at.base;
  return at;
}

const NOCAST_SUFFIX = "___init";

/**
 * Whether one of two types is the other's not yet initialised form (`nf_conn___init`), which may not stand for it.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_type_ids_nocast_alias
 */
export function isNocastAlias(btf: Btf, id: number, other: Btf, otherId: number): boolean {
  const a = btf.nameOf(id);
  const b = other.nameOf(otherId);
  return a === b + NOCAST_SUFFIX || b === a + NOCAST_SUFFIX;
}
