import type { Btf } from "../btf.ts";
import { BTF_INT_SIGNED, type BtfKind } from "../kinds.ts";
import { essentialName } from "./essential-name.ts";
import { Budget, coreError } from "./failure.ts";

/** How deep types are compared. */
const MAX_DEPTH = 32;

/** Whether two kinds may stand for each other: the same, or both enums. */
export function kindsAreCompatible(a: BtfKind, b: BtfKind): boolean {
  return a === b || (isEnum(a) && isEnum(b));
}

function isEnum(kind: BtfKind): boolean {
  return kind === "enum" || kind === "enum64";
}

function isComposite(kind: BtfKind): boolean {
  return kind === "struct" || kind === "union";
}

/** One of two pieces of BTF, and a type of it. */
interface Side {
  btf: Btf;
  id: number;
}

function resolved({ btf, id }: Side): Side {
  return { btf, id: btf.resolve(id) };
}

/**
 * Whether a field of one type may be read as one of the other: structs and unions in any combination, pointers, integers (but bitfields of old
 * BTF), floats, arrays of such, enums and forward declarations of the same essential name (or none).
 *
 * @see v6.18 tools/lib/bpf/relo_core.c, bpf_core_fields_are_compat
 */
export function fieldsAreCompatible(local: Btf, localId: number, target: Btf, targetId: number): boolean {
  let a: Side = { btf: local, id: localId };
  let b: Side = { btf: target, id: targetId };
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    a = resolved(a);
    b = resolved(b);
    const kind = a.btf.kindOf(a.id);
    const other = b.btf.kindOf(b.id);
    if (isComposite(kind) && isComposite(other)) return true;
    if (!kindsAreCompatible(kind, other)) return false;
    switch (kind) {
      case "ptr":
      case "float":
        return true;
      case "fwd":
      case "enum":
      case "enum64": {
        const name = a.btf.nameOf(a.id);
        const otherName = b.btf.nameOf(b.id);
        return name === "" || otherName === "" || essentialName(name) === essentialName(otherName);
      }
      case "int":
        return intOffset(a) === 0 && intOffset(b) === 0;
      case "array":
        a = { btf: a.btf, id: a.btf.arrayTypeOf(a.id) };
        b = { btf: b.btf, id: b.btf.arrayTypeOf(b.id) };
        continue;
      default:
        return false;
    }
  }
  throw coreError(`arrays nested deeper than ${MAX_DEPTH} levels`);
}

function intOffset({ btf, id }: Side): number {
  const type = btf.type(id);
  return type.kind === "int" ? type.offset : 0;
}

function encodingOf({ btf, id }: Side): number {
  const type = btf.type(id);
  return type.kind === "int" ? type.encoding : 0;
}

/**
 * Whether two types are of the same make: the same kinds, through pointers, arrays and prototypes. Names, sizes and members do not matter.
 *
 * @see v6.18 tools/lib/bpf/relo_core.c, __bpf_core_types_are_compat
 * @throws BtfError BTF_CORE for types that are nested too deep
 */
export function typesAreCompatible(local: Btf, localId: number, target: Btf, targetId: number): boolean {
  const budget = new Budget();
  return areCompatible({ btf: local, id: localId }, { btf: target, id: targetId }, MAX_DEPTH, budget);
}

function areCompatible(left: Side, right: Side, level: number, budget: Budget): boolean {
  let a = left;
  let b = right;
  if (!kindsAreCompatible(a.btf.kindOf(a.id), b.btf.kindOf(b.id))) return false;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    budget.step();
    a = resolved(a);
    b = resolved(b);
    const kind = a.btf.kindOf(a.id);
    if (!kindsAreCompatible(kind, b.btf.kindOf(b.id))) return false;
    switch (kind) {
      case "void":
      case "struct":
      case "union":
      case "enum":
      case "enum64":
      case "fwd":
        return true;
      case "int":
        return intOffset(a) === 0 && intOffset(b) === 0;
      case "ptr":
        a = { btf: a.btf, id: a.btf.sizeOrTypeOf(a.id) };
        b = { btf: b.btf, id: b.btf.sizeOrTypeOf(b.id) };
        continue;
      case "array":
        a = { btf: a.btf, id: a.btf.arrayTypeOf(a.id) };
        b = { btf: b.btf, id: b.btf.arrayTypeOf(b.id) };
        continue;
      case "func_proto": {
        const params = paramsOf(a);
        const others = paramsOf(b);
        if (params.length !== others.length) return false;
        for (let i = 0; i < params.length; i++) {
          if (level <= 0) throw coreError("types are nested too deep to be compared");
          if (!areCompatible(resolved(params[i]!), resolved(others[i]!), level - 1, budget)) return false;
        }
        a = resolved({ btf: a.btf, id: a.btf.sizeOrTypeOf(a.id) });
        b = resolved({ btf: b.btf, id: b.btf.sizeOrTypeOf(b.id) });
        continue;
      }
      default:
        return false;
    }
  }
  throw coreError("types are nested too deep to be compared");
}

/** The parameters, a variadic end included as void. */
function paramsOf({ btf, id }: Side): Side[] {
  const proto = btf.type(id);
  if (proto.kind !== "func_proto") throw new Error(`type ${id} is no prototype`);
  const params = proto.params.map((p) => ({ btf, id: p.type }));
  if (proto.variadic) params.push({ btf, id: 0 });
  return params;
}

/**
 * Whether the local type says the same as the target: names, sizes and signs of integers, lengths of arrays, and for each member and enumerator
 * one of the same name there. Behind a pointer, names and kinds are enough.
 *
 * @see v6.18 tools/lib/bpf/relo_core.c, __bpf_core_types_match
 * @throws BtfError BTF_CORE for types that are nested too deep
 */
export function typesMatch(local: Btf, localId: number, target: Btf, targetId: number): boolean {
  return doMatch({ btf: local, id: localId }, { btf: target, id: targetId }, false, MAX_DEPTH, new Budget());
}

function namesMatch(name: string, other: string): boolean {
  return other === "" || name === "" ? name === other : essentialName(name) === essentialName(other);
}

function doMatch(left: Side, right: Side, behindPointer: boolean, level: number, budget: Budget): boolean {
  if (level <= 0) throw coreError("types are nested too deep to be compared");
  let a = left;
  let b = right;
  let behind = behindPointer;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    budget.step();
    a = resolved(a);
    b = resolved(b);
    const kind = a.btf.kindOf(a.id);
    const other = b.btf.kindOf(b.id);
    // Void has no name; nameOf says "void" for it, here and there.
    if (!namesMatch(a.btf.nameOf(a.id), b.btf.nameOf(b.id))) return false;
    switch (kind) {
      case "void":
        return kind === other;
      case "fwd": {
        const isUnion = a.btf.kindFlagOf(a.id);
        if (kind === other) return isUnion === b.btf.kindFlagOf(b.id);
        return behind && other === (isUnion ? "union" : "struct");
      }
      case "enum":
      case "enum64":
        return isEnum(other) && enumsMatch(a, b, budget);
      case "struct":
      case "union":
        if (kind === other) return behind || compositesMatch(a, b, level, budget);
        return behind && other === "fwd" && (kind === "union") === b.btf.kindFlagOf(b.id);
      case "int":
        return (
          kind === other &&
          a.btf.sizeOrTypeOf(a.id) === b.btf.sizeOrTypeOf(b.id) &&
          (encodingOf(a) & BTF_INT_SIGNED) === (encodingOf(b) & BTF_INT_SIGNED)
        );
      case "ptr":
        if (kind !== other) return false;
        behind = true;
        a = { btf: a.btf, id: a.btf.sizeOrTypeOf(a.id) };
        b = { btf: b.btf, id: b.btf.sizeOrTypeOf(b.id) };
        continue;
      case "array":
        if (kind !== other || a.btf.arrayLengthOf(a.id) !== b.btf.arrayLengthOf(b.id)) return false;
        a = { btf: a.btf, id: a.btf.arrayTypeOf(a.id) };
        b = { btf: b.btf, id: b.btf.arrayTypeOf(b.id) };
        continue;
      case "func_proto": {
        if (kind !== other) return false;
        const params = paramsOf(a);
        const others = paramsOf(b);
        if (params.length !== others.length) return false;
        for (let i = 0; i < params.length; i++)
          if (!doMatch(params[i]!, others[i]!, behind, level - 1, budget)) return false;
        a = { btf: a.btf, id: a.btf.sizeOrTypeOf(a.id) };
        b = { btf: b.btf, id: b.btf.sizeOrTypeOf(b.id) };
        continue;
      }
      default:
        return false;
    }
  }
  throw coreError("types are nested too deep to be compared");
}

function enumsMatch(a: Side, b: Side, budget: Budget): boolean {
  const type = a.btf.type(a.id);
  const other = b.btf.type(b.id);
  if ((type.kind !== "enum" && type.kind !== "enum64") || (other.kind !== "enum" && other.kind !== "enum64"))
    return false;
  if (type.size !== other.size || type.values.length > other.values.length) return false;
  return type.values.every(({ name }) =>
    other.values.some((value) => {
      budget.step();
      return namesMatch(name, value.name);
    }),
  );
}

function compositesMatch(a: Side, b: Side, level: number, budget: Budget): boolean {
  const count = a.btf.vlenOf(a.id);
  const others = b.btf.vlenOf(b.id);
  if (count > others) return false;
  for (let i = 0; i < count; i++) {
    const name = a.btf.memberNameOf(a.id, i);
    let matched = false;
    for (let j = 0; !matched && j < others; j++) {
      budget.step();
      if (!namesMatch(name, b.btf.memberNameOf(b.id, j))) continue;
      const member = { btf: a.btf, id: a.btf.memberTypeOf(a.id, i) };
      matched = doMatch(member, { btf: b.btf, id: b.btf.memberTypeOf(b.id, j) }, false, level - 1, budget);
    }
    if (!matched) return false;
  }
  return true;
}
