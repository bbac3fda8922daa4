import type { Btf } from "@bpf-ts/btf";
import { type FieldBudget, fieldsOf, MAX_NESTED, tooDeep } from "./fields.ts";

/** Structs of the kernel's that live in map values, and that no copy of a value carries along. */
const KERNEL_STRUCTS: ReadonlySet<string> = new Set([
  "bpf_spin_lock",
  "bpf_res_spin_lock",
  "bpf_timer",
  "bpf_wq",
  "bpf_task_work",
  "bpf_list_head",
  "bpf_list_node",
  "bpf_rb_root",
  "bpf_rb_node",
  "bpf_refcount",
]);

const KPTR_TAGS: ReadonlySet<string> = new Set(["kptr", "kptr_untrusted", "percpu_kptr", "uptr"]);

/**
 * The fields of a value that belong to the kernel, as `[path, what]`: locks, timers, lists, kernel pointers.
 *
 * @throws BtfError
 * @throws UnsupportedError too many fields
 * @see v6.18 kernel/bpf/btf.c, btf_parse_fields
 */
export function specialFields(btf: Btf, valueTypeId: number, budget: FieldBudget): [string, string][] {
  const found: [string, string][] = [];
  const plain = new Set<number>();
  const visit = (id: number, path: string, depth: number): void => {
    budget.take();
    const at = btf.resolve(id);
    if (depth > MAX_NESTED) throw tooDeep(btf, at);
    const kind = btf.kindOf(at);
    if (kind === "ptr") {
      const tag = btf.type(btf.sizeOrTypeOf(at));
      if (tag.kind === "type_tag" && KPTR_TAGS.has(tag.name)) found.push([path, `a ${tag.name} pointer`]);
    } else if (kind === "array") {
      visit(btf.arrayTypeOf(at), `${path}[]`, depth + 1);
    } else if (kind === "struct" && KERNEL_STRUCTS.has(btf.nameOf(at))) {
      found.push([path, `struct ${btf.nameOf(at)}`]);
    } else if ((kind === "struct" || kind === "union" || kind === "datasec") && !plain.has(at)) {
      const before = found.length;
      for (const field of fieldsOf(btf, at, budget))
        visit(field.type, field.name === "" ? path : `${path}.${field.name}`, depth + 1);
      if (found.length === before) plain.add(at);
    }
  };
  visit(valueTypeId, "value", 0);
  return found;
}
