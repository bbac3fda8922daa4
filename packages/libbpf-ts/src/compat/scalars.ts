import type { Btf } from "@bpf-ts/btf";

/** Kinds of types between which values can be converted. */
export type Shape = "number" | "pointer" | "struct" | "union" | "array" | "other";

/** @param id a type that {@link Btf.resolve} gave. @throws BtfError */
export function shapeOf(btf: Btf, id: number): Shape {
  const kind = btf.kindOf(id);
  switch (kind) {
    case "int":
    case "enum":
    case "enum64":
    case "float":
      return "number";
    case "ptr":
      return "pointer";
    case "struct":
    case "datasec":
      return "struct";
    case "union":
    case "array":
      return kind;
    default:
      return "other";
  }
}

/** What kind of number: `signed integer`, `boolean` … @throws BtfError */
function nature(btf: Btf, id: number): string {
  const type = btf.type(id);
  if (type.kind === "float") return "floating point";
  if (type.kind === "int" && (type.encoding & 4) !== 0) return "boolean";
  if (type.kind === "int" || type.kind === "enum" || type.kind === "enum64")
    return `${type.signed ? "signed" : "unsigned"} ${type.kind === "int" ? "integer" : "enum"}`;
  return btf.kindOf(id);
}

/** How two numbers or pointers of maybe different size are read differently; undefined if they are not. @throws BtfError */
export function readDifferently(oldBtf: Btf, oldId: number, newBtf: Btf, newId: number): string | undefined {
  const was = nature(oldBtf, oldId);
  const is = nature(newBtf, newId);
  if (was !== is) return `${was} becomes ${is}`;
  return enumeratorsChanged(oldBtf, oldId, newBtf, newId);
}

/** An enumerator that is gone or means another number. Those that came are no difference: no old entry holds them. */
function enumeratorsChanged(oldBtf: Btf, oldId: number, newBtf: Btf, newId: number): string | undefined {
  const was = enumerators(oldBtf, oldId);
  const is = enumerators(newBtf, newId);
  if (was === undefined || is === undefined) return undefined;
  for (const [name, value] of was) {
    const now = is.get(name);
    if (now === undefined) return `enumerator ${name} (${value}) is gone`;
    if (now !== value) return `enumerator ${name} was ${value} and is ${now}`;
  }
  return undefined;
}

function enumerators(btf: Btf, id: number): Map<string, bigint> | undefined {
  const type = btf.type(id);
  if (type.kind !== "enum" && type.kind !== "enum64") return undefined;
  return new Map(type.values.map(({ name, value }) => [name, BigInt(value)]));
}
