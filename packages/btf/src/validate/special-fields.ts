import { EFAULT, ELOOP } from "@bpf-ts/uapi/errno";
import { Btf } from "../btf.ts";
import { FIELD_LAYOUT, OBJECT_FIELDS } from "../special-fields/kinds.ts";
import { type BtfField, type KernelTypes, recordOf } from "../special-fields/record.ts";
import { FieldSearch } from "../special-fields/search.ts";
import type { Input } from "./input.ts";
import { Rejection } from "./rejection.ts";

/**
 * Structs that hold what only BPF programs have: locks, list and tree nodes, reference counts, kernel pointers. The kernel records, when BTF is
 * loaded, where such fields lie in each struct; what it cannot make sense of it refuses, without a line in the log.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_parse_struct_metas
 */

/** Structs with a member of one of these are looked at, and those with a kernel pointer. */
const STARTERS: readonly string[] = (
  ["spin_lock", "list_head", "list_node", "rb_root", "rb_node", "refcount"] as const
).map((kind) => FIELD_LAYOUT[kind].name);

/** Checks all structs. @throws Rejection */
export function checkSpecialFields(input: Input, kernel: KernelTypes | undefined): void {
  const starters = startersOf(input);
  const pointers: number[] = [];
  for (let id = 1; id < input.typeCount; id++) {
    const kind = input.kind(id);
    if (kind === "ptr" || kind === "volatile") pointers.push(id);
  }
  const mayPoint = pointers.some((id) => input.kind(input.third(id)) === "type_tag" || input.kind(id) === "volatile");
  if (starters.size === 0 && !mayPoint) return;
  const btf = Btf.parse(input.bytes);
  const search = new FieldSearch(btf, OBJECT_FIELDS);
  for (const id of pointers) if (isKernelPointer(search, id)) starters.add(id);
  if (starters.size === 0) return;

  const records = new Map<number, readonly BtfField[]>();
  for (let id = 1; id < input.typeCount; id++) {
    if (input.kind(id) !== "struct") continue;
    let starts = false;
    for (let i = 0; !starts && i < input.vlen(id); i++) starts = starters.has(input.member(id, i).type);
    if (!starts) continue;
    const record = recordOf(search, btf, id, kernel);
    // A struct is only looked at because it has such a member: that it has none after all is the kernel's "bad address".
    if (record.length === 0) throw new Rejection(EFAULT);
    records.set(id, record);
  }
  checkOwnership(records);
}

/** The first struct of each name that starts a search. */
function startersOf(input: Input): Set<number> {
  const found = new Map<string, number>();
  for (let id = 1; id < input.typeCount; id++) {
    if (input.kind(id) !== "struct") continue;
    const name = input.shown(input.nameOffset(id));
    if (STARTERS.includes(name) && !found.has(name)) found.set(name, id);
  }
  return new Set(found.values());
}

function isKernelPointer(search: FieldSearch, id: number): boolean {
  try {
    return search.pointer(id) !== undefined;
  } catch (error) {
    if (error instanceof Rejection) return false;
    throw error;
  }
}

/**
 * A list or tree owns what it holds, and ownership must not go in circles. A type that can be held (has a node) and holds others itself must
 * not hold any that hold again: that admits no circle, and refuses some chains that are none.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_check_and_fixup_fields
 */
function checkOwnership(records: ReadonlyMap<number, readonly BtfField[]>): void {
  for (const fields of records.values()) {
    const canBeHeld = fields.some(({ kind }) => kind === "list_node" || kind === "rb_node");
    for (const { graphRoot } of fields) {
      if (graphRoot === undefined) continue;
      const held = records.get(graphRoot.valueBtfId);
      if (held === undefined) throw new Rejection(EFAULT);
      if (canBeHeld && held.some((field) => field.graphRoot !== undefined)) throw new Rejection(ELOOP);
    }
  }
}
