/// <reference types="node" />
/** What verdicts promise, on random pairs of types: a reusable map's bytes read the same, a migratable one's entries can all be converted. */
import { Btf, BtfBuilder, codecFor } from "@bpf-ts/btf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareMaps, type DefinedMap, type MapComparison } from "../../src/index.ts";

const RUNS = Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 1500);

/** A type in outline. */
type Shape =
  | { kind: "int"; size: 1 | 2 | 4 | 8; signed: boolean }
  | { kind: "array"; of: Shape; length: number }
  | { kind: "struct" | "union"; fields: readonly (readonly [name: string, type: Shape])[] };

const ints = fc.record({
  kind: fc.constant("int" as const),
  size: fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
  signed: fc.boolean(),
});
const { shape: shapes } = fc.letrec<{ shape: Shape; fields: (readonly [string, Shape])[] }>((tie) => ({
  fields: fc.uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c", "d"), tie("shape")), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 4,
  }),
  shape: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    ints,
    fc.record({
      kind: fc.constant("array" as const),
      of: tie("shape"),
      length: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({ kind: fc.constantFrom("struct" as const, "struct" as const, "union" as const), fields: tie("fields") }),
  ),
}));
const structs = fc.record({
  kind: fc.constant("struct" as const),
  fields: fc.uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c", "d", "e"), shapes), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 5,
  }),
});

/** Small changes of a struct, such as versions of a program have. */
const edits = fc.array(
  fc.oneof(
    fc.record({ edit: fc.constant("swap" as const), at: fc.nat({ max: 4 }) }),
    fc.record({ edit: fc.constant("drop" as const), at: fc.nat({ max: 4 }) }),
    fc.record({ edit: fc.constant("rename" as const), at: fc.nat({ max: 4 }) }),
    fc.record({ edit: fc.constant("retype" as const), at: fc.nat({ max: 4 }), to: shapes }),
    fc.record({ edit: fc.constant("add" as const), at: fc.nat({ max: 5 }), to: shapes }),
  ),
  { maxLength: 2 },
);

type Struct = Shape & { kind: "struct" | "union" };

function edited(from: Struct, changes: typeof edits extends fc.Arbitrary<infer T> ? T : never): Struct {
  const fields = [...from.fields];
  for (const change of changes) {
    const at = change.at % fields.length;
    const [name, type] = fields[at]!;
    switch (change.edit) {
      case "swap":
        fields.push(...fields.splice(at, 1));
        break;
      case "drop":
        if (fields.length > 1) fields.splice(at, 1);
        break;
      case "rename":
        fields[at] = [`${name}_new`, type];
        break;
      case "retype":
        fields[at] = [name, change.to];
        break;
      case "add":
        if (!fields.some(([other]) => other === "new")) fields.splice(change.at, 0, ["new", change.to]);
    }
  }
  return { kind: from.kind, fields };
}

function build(b: BtfBuilder, shape: Shape): number {
  switch (shape.kind) {
    case "int":
      return b.addInt(`${shape.signed ? "s" : "u"}${shape.size * 8}`, shape.size, { signed: shape.signed });
    case "array":
      return b.addArray(build(b, shape.of), shape.length, b.addInt("u32", 4));
    default:
      return b.addFields(
        shape.kind,
        "t",
        shape.fields.map(([name, type]) => ({ name, type: build(b, type) })),
      );
  }
}

function define(value: Shape): DefinedMap {
  const b = new BtfBuilder();
  const u32 = b.addInt("u32", 4);
  const id = build(b, value);
  const btf = Btf.parse(b.encode());
  return {
    btf,
    spec: {
      declaredName: "m",
      name: "m",
      origin: "btf",
      type: 1,
      keySize: 4,
      valueSize: btf.sizeOf(id),
      maxEntries: 8,
      mapFlags: 0,
      keyTypeId: u32,
      valueTypeId: id,
      pinning: 0,
      autocreate: true,
    },
  };
}

/** A value without the fields that only the other side has: unions may have got members. */
function only(value: unknown, like: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(like)) return value.map((one, i) => only(one, like[i]));
  if (typeof value !== "object" || value === null || typeof like !== "object" || like === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name in like)
      .map(([name, field]) => [name, only(field, Reflect.get(like, name))]),
  );
}

/** An old value as one of the new type: by names, the renamed ones by their new name, what is gone or has no place left out. */
function converted(value: unknown, shape: Shape, path: string, renamed: ReadonlyMap<string, string>): unknown {
  if (shape.kind === "int") {
    const number = BigInt(value as number | bigint);
    const bits = shape.size * 8;
    return shape.signed ? BigInt.asIntN(bits, number) : BigInt.asUintN(bits, number);
  }
  if (shape.kind === "array") {
    const old = value as unknown[];
    return Array.from({ length: shape.length }, (_, i) =>
      i < old.length ? converted(old[i], shape.of, `${path}[]`, renamed) : blank(shape.of),
    );
  }
  const old = value as Readonly<Record<string, unknown>>;
  const before = new Map([...renamed].map(([from, to]) => [to, from]));
  if (shape.kind === "union") {
    // All members that both have say the same bytes; what only the new one has follows from them.
    return Object.fromEntries(
      shape.fields
        .filter(([name]) => name in old)
        .map(([name, type]) => [name, converted(old[name], type, `${path}.${name}`, renamed)]),
    );
  }
  return Object.fromEntries(
    shape.fields.map(([name, type]) => {
      const from = before.get(`${path}.${name}`) ?? name;
      return [name, from in old ? converted(old[from], type, `${path}.${name}`, renamed) : blank(type)];
    }),
  );
}

function blank(shape: Shape): unknown {
  if (shape.kind === "int") return 0n;
  if (shape.kind === "array") return Array.from({ length: shape.length }, () => blank(shape.of));
  const fields = shape.kind === "union" ? shape.fields.slice(0, 1) : shape.fields;
  return Object.fromEntries(fields.map(([name, type]) => [name, blank(type)]));
}

/** New paths by old ones. */
function renames({ differences }: MapComparison, was: Struct, is: Struct): Map<string, string> {
  const found = new Map<string, string>();
  for (const { kind, path } of differences) {
    if (kind !== "renamed" || path === "value" || path.includes("[]")) continue;
    const name = path.slice("value.".length);
    const at = was.fields.some(([field]) => field === name) ? `${name}_new` : undefined;
    if (at !== undefined && is.fields.some(([field]) => field === at)) found.set(path, `value.${at}`);
  }
  return found;
}

/** Any bytes, and the same ones for the same seed. */
function noise(seed: number, size: number): Uint8Array {
  let state = seed | 1;
  return Uint8Array.from({ length: size }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 255;
  });
}

const pairs = fc.oneof(
  fc.tuple(structs, structs),
  fc.tuple(structs, edits).map(([from, changes]): [Struct, Struct] => [from, edited(from, changes)]),
);

test("reusable: every old value reads the same by the new type", () => {
  let seen = 0;
  fc.assert(
    fc.property(pairs, fc.nat(), ([was, is], seed) => {
      const [oldMap, newMap] = [define(was), define(is)];
      const { verdict } = compareMaps(oldMap, newMap);
      if (verdict !== "reusable") return;
      seen++;
      expect(newMap.spec.valueSize).toBe(oldMap.spec.valueSize);
      const bytes = noise(seed, oldMap.spec.valueSize);
      const old = codecFor(oldMap.btf!, oldMap.spec.valueTypeId).decode(bytes);
      expect(only(codecFor(newMap.btf!, newMap.spec.valueTypeId).decode(bytes), old)).toEqual(old);
    }),
    { numRuns: RUNS, seed: 7 },
  );
  expect(seen).toBeGreaterThan(RUNS / 20);
});

test("migratable: every old value becomes one of the new type, and what both have arrives", () => {
  let seen = 0;
  fc.assert(
    fc.property(pairs, fc.nat(), ([was, is], seed) => {
      const [oldMap, newMap] = [define(was), define(is)];
      const comparison = compareMaps(oldMap, newMap);
      if (comparison.verdict !== "migratable") return;
      seen++;
      const codec = codecFor(newMap.btf!, newMap.spec.valueTypeId);
      const old = codecFor(oldMap.btf!, oldMap.spec.valueTypeId).decode(noise(seed, oldMap.spec.valueSize));
      const bytes = codec.toBytes(converted(old, is, "value", renames(comparison, was, is)));
      expect(bytes.length).toBe(newMap.spec.valueSize);
      // What the comparison does not mention is as it was.
      const mentioned = new Set(comparison.differences.map(({ path }) => path.split(/[.[]/)[1]));
      const fresh = codec.decode(bytes) as Readonly<Record<string, unknown>>;
      for (const [name] of was.fields) {
        if (mentioned.has(name) || !(name in fresh)) continue;
        const before = Reflect.get(old as object, name);
        expect(only(fresh[name], before)).toEqual(before);
      }
    }),
    { numRuns: RUNS, seed: 7 },
  );
  expect(seen).toBeGreaterThan(RUNS / 20);
});
