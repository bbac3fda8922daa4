import fc from "fast-check";
import type { Op, ProgramCall } from "./spec.ts";

/** Flags of updates: the ones that there are, and some that there are not. */
export const updateFlags: fc.Arbitrary<bigint> = fc.oneof(
  { weight: 9, arbitrary: fc.constant(0n) },
  { weight: 5, arbitrary: fc.constantFrom(1n, 2n) },
  { weight: 2, arbitrary: fc.constantFrom(3n, 4n, 5n, 6n, 8n, 0x1_0000_0000n, 0xffff_ffff_ffff_ffffn) },
);

/** Flags of look-ups and batches: none as a rule. */
export const readFlags: fc.Arbitrary<bigint> = fc.oneof(
  { weight: 14, arbitrary: fc.constant(0n) },
  { weight: 2, arbitrary: fc.constantFrom(4n, 1n, 0xffff_ffff_ffff_ffffn) },
);

/** A key's number. */
const k: fc.Arbitrary<number> = fc.nat({ max: 5000 });
/** A value's number. */
const v: fc.Arbitrary<number> = fc.nat({ max: 100_000 });
const ks = fc.array(k, { maxLength: 6 });
const maybeK = fc.option(k, { nil: null, freq: 3 });

type Kind = Op["op"];
type Of<K extends Kind> = Extract<Op, { op: K }>;

function op<K extends Kind>(
  kind: K,
  rest: { [P in keyof Omit<Of<K>, "op">]: fc.Arbitrary<Of<K>[P]> },
): fc.Arbitrary<Op> {
  return fc.record({ op: fc.constant(kind), ...rest }) as unknown as fc.Arbitrary<Op>;
}

/** Every kind of operation. */
export const OPS: Readonly<Record<Exclude<Kind, "run">, fc.Arbitrary<Op>>> = {
  lookup: op("lookup", { k, flags: readFlags }),
  take: op("take", { k, flags: readFlags }),
  update: op("update", { k, v, flags: updateFlags }),
  delete: op("delete", { k }),
  next: op("next", { k: maybeK }),
  walk: op("walk", {}),
  lookupBatch: op("lookupBatch", {
    start: maybeK,
    count: fc.nat({ max: 70 }),
    flags: readFlags,
    take: fc.boolean(),
  }),
  walkBatch: op("walkBatch", {
    count: fc.integer({ min: 1, max: 40 }),
    take: fc.constantFrom(false, false, false, true),
  }),
  updateBatch: op("updateBatch", { ks, v, flags: readFlags }),
  deleteBatch: op("deleteBatch", { ks, flags: readFlags }),
  fill: op("fill", { n: fc.nat({ max: 1100 }) }),
  freeze: op("freeze", {}),
  info: op("info", {}),
  reopen: op("reopen", {}),
  store: op("store", { k, object: fc.nat({ max: 100 }), flags: updateFlags }),
  ownerLookup: op("ownerLookup", { object: fc.nat({ max: 100 }), flags: readFlags }),
  ownerUpdate: op("ownerUpdate", { object: fc.nat({ max: 100 }), v, flags: updateFlags }),
  ownerDelete: op("ownerDelete", { object: fc.nat({ max: 100 }) }),
  forget: op("forget", { object: fc.nat({ max: 100 }) }),
  memory: op("memory", {
    page: fc.constantFrom(0, 0, 0, 0, 1, 2, 3),
    at: fc.nat({ max: 4095 }),
    v: fc.nat({ max: 255 }),
    write: fc.boolean(),
  }),
  ring: op("ring", { what: fc.constantFrom("eat", "eat", "data", "positions"), n: fc.nat({ max: 5 }) }),
};

/** Calls of programs. */
export function run(calls: readonly ProgramCall[], flags: fc.Arbitrary<bigint> = updateFlags): fc.Arbitrary<Op> {
  return op("run", { call: fc.constantFrom(...calls), k, v, flags });
}

/** Operations by weight. */
export function weighted(...choices: readonly (readonly [weight: number, op: fc.Arbitrary<Op>])[]): fc.Arbitrary<Op> {
  return fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight: Math.ceil(weight * 100), arbitrary })));
}

/** What maps of keys and values go through. */
export function keyValueOps(more: readonly (readonly [number, fc.Arbitrary<Op>])[] = []): fc.Arbitrary<Op> {
  return weighted(
    [5, OPS.update],
    [3, OPS.lookup],
    [2, OPS.delete],
    [1, OPS.next],
    [1, OPS.take],
    [1, OPS.walk],
    [1, OPS.lookupBatch],
    [1, OPS.walkBatch],
    [1, OPS.updateBatch],
    [1, OPS.deleteBatch],
    [1, OPS.fill],
    ...more,
  );
}

/** Seldom: what concerns the map as a whole. */
export const WHOLE_MAP: readonly (readonly [number, fc.Arbitrary<Op>])[] = [
  [0.2, OPS.info],
  [0.2, OPS.reopen],
  [0.01, OPS.freeze],
];

/** Any of the flags, most often none. */
export function flags(base: number, ...some: readonly number[]): fc.Arbitrary<number> {
  const each = some.map((flag) =>
    fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(flag) }),
  );
  return fc.tuple(...each).map((chosen) => chosen.reduce((all, flag) => (all | flag) >>> 0, base));
}
