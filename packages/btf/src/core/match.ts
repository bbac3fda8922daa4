import { E2BIG } from "@bpf-ts/uapi/errno";
import type { Btf } from "../btf.ts";
import { fieldsAreCompatible, typesAreCompatible, typesMatch } from "./compat.ts";
import { essentialName } from "./essential-name.ts";
import { Budget, coreError } from "./failure.ts";
import { BPF_CORE_TYPE_MATCHES, isEnumBased, isTypeBased } from "./kinds.ts";
import { type CoreAccessor, type CoreSpec, coreSizeOf, elementBits, isFlexible, MAX_STEPS } from "./spec.ts";

/**
 * The same access in a target type, or undefined if it is not there or of another make. Fields are found by name, anonymous structs and unions
 * looked through on the way.
 *
 * @see v6.18 tools/lib/bpf/relo_core.c, bpf_core_spec_match
 * @throws BtfError BTF_CORE
 */
export function matchCoreSpec(local: CoreSpec, target: Btf, targetId: number): CoreSpec | undefined {
  const spec: CoreSpec = { btf: target, type: targetId, kind: local.kind, accessors: [], raw: [], bitOffset: 0 };
  if (isTypeBased(local.kind)) {
    const compare = local.kind === BPF_CORE_TYPE_MATCHES ? typesMatch : typesAreCompatible;
    return compare(local.btf, local.type, target, targetId) ? spec : undefined;
  }
  if (isEnumBased(local.kind)) return matchEnumerator(local, spec);

  const budget = new Budget();
  let id = targetId;
  for (const [i, accessor] of local.accessors.entries()) {
    id = target.resolve(id);
    if (accessor.name !== undefined) {
      const next = matchMember(local.btf, accessor, spec, id, budget);
      if (typeof next !== "number") return undefined;
      id = next;
      continue;
    }
    // The first index is that of the root itself, the others those of arrays.
    if (i > 0) {
      if (target.kindOf(id) !== "array") return undefined;
      const length = target.arrayLengthOf(id);
      if (accessor.index >= length && !isFlexible(target, spec.accessors.at(-1)!, length)) return undefined;
      id = target.resolve(target.arrayTypeOf(id));
    }
    if (spec.raw.length === MAX_STEPS) throw coreError("too deep nesting of structs, unions and arrays", E2BIG);
    spec.accessors.push({ type: id, index: accessor.index, name: undefined });
    spec.raw.push(accessor.index);
    spec.bitOffset = (spec.bitOffset + elementBits(accessor.index, coreSizeOf(target, id))) >>> 0;
  }
  return spec;
}

function matchEnumerator(local: CoreSpec, spec: CoreSpec): CoreSpec | undefined {
  const id = spec.btf.resolve(spec.type);
  const type = spec.btf.type(id);
  if (type.kind !== "enum" && type.kind !== "enum64") return undefined;
  const wanted = essentialName(local.accessors[0]!.name!);
  const index = type.values.findIndex((value) => essentialName(value.name) === wanted);
  if (index < 0) return undefined;
  spec.accessors.push({ type: id, index, name: type.values[index]!.name });
  spec.raw.push(index);
  return spec;
}

/**
 * Takes the step to a named member; answers the member's type, undefined if there is no such member, or that there is one that does not fit:
 * the first of the name decides. Unless it answers a type, the spec is of no use afterwards or as before.
 */
function matchMember(
  local: Btf,
  accessor: CoreAccessor,
  spec: CoreSpec,
  id: number,
  budget: Budget,
): number | "misfit" | undefined {
  const { btf } = spec;
  const at = btf.resolve(id);
  const kind = btf.kindOf(at);
  if (kind !== "struct" && kind !== "union") return undefined;
  const count = btf.vlenOf(at);
  for (let i = 0; i < count; i++) {
    budget.step();
    if (spec.raw.length === MAX_STEPS) throw coreError("too deep nesting of structs, unions and arrays", E2BIG);
    const bitOffset = btf.memberBitOffsetOf(at, i);
    const name = btf.memberNameOf(at, i);
    const type = btf.memberTypeOf(at, i);
    spec.bitOffset = (spec.bitOffset + bitOffset) >>> 0;
    spec.raw.push(i);
    if (name === "") {
      const found = matchMember(local, accessor, spec, type, budget);
      if (found !== undefined) return found;
    } else if (name === accessor.name) {
      const localType = local.memberTypeOf(accessor.type, accessor.index);
      if (!fieldsAreCompatible(local, localType, btf, type)) return "misfit";
      spec.accessors.push({ type: at, index: i, name });
      return type;
    }
    spec.bitOffset = (spec.bitOffset - bitOffset) >>> 0;
    spec.raw.pop();
  }
  return undefined;
}
