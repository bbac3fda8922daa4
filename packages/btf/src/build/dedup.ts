import type { Btf } from "../btf.ts";
import { BtfError } from "../error.ts";
import { type BtfTypeSpec, mapReferences } from "./spec.ts";

/**
 * Deduplication by partition refinement.
 *
 * Two types are the same if they look the same (kind, name, sizes, members' names and places …) and the types they refer to are, pairwise, the
 * same: the coarsest such relation is wanted, so that cycles (a struct with a pointer to itself) merge too. Start with one class a look; then
 * split: the class of a type becomes (its class, the classes of what it refers to), until a round splits nothing. Classes are 64-bit
 * hashes, so that a round is one pass without allocation; a hash may collide, so the result is checked at the end: each merged type must
 * look as its representative and refer to the representatives of the same types. With that it is a bisimulation, whatever the hashes were.
 *
 * A chain of n types that all look the same needs n rounds. Real types need a few dozen; a limit keeps hostile ones bounded.
 */
const MAX_ROUNDS = 1024;

/** What a whole dedup answers: the types that remain, and for each old type (by index) its new id. */
export interface DedupResult {
  specs: BtfTypeSpec[];
  ids: Uint32Array;
}

/**
 * @throws BtfError BTF_LIMIT
 */
export function dedupTypes(own: readonly BtfTypeSpec[], firstId: number, base: Btf | undefined): DedupResult {
  const all: BtfTypeSpec[] = [];
  for (let id = 1; id < firstId; id++) all.push(base!.type(id) as BtfTypeSpec);
  for (const spec of own) all.push(spec);

  // target[i]: the id that stands for id i. Forward declarations are led to their definitions, which may make more types the same.
  const graph = toGraph(all);
  let target = identity(all.length + 1);
  for (;;) {
    target = mergeSame(graph, target, firstId);
    if (!resolveForwards(all, target, firstId)) break;
  }

  const newIds = new Uint32Array(all.length + 1);
  let next = firstId;
  for (let id = 0; id < newIds.length; id++) newIds[id] = id < firstId ? id : target[id] === id ? next++ : 0;
  const finalId = (id: number): number => newIds[target[id]!]!;
  const specs: BtfTypeSpec[] = [];
  const ids = new Uint32Array(own.length);
  for (let i = 0; i < own.length; i++) {
    const id = firstId + i;
    ids[i] = finalId(id);
    if (target[id] === id) specs.push(mapReferences(own[i]!, finalId));
  }
  return { specs, ids };
}

function identity(length: number): Uint32Array {
  const ids = new Uint32Array(length);
  for (let i = 0; i < length; i++) ids[i] = i;
  return ids;
}

/** The graph in flat arrays: looks as small integers, references of type i at `refs[starts[i]..starts[i + 1]]`. Id 0 refers to nothing. */
interface Graph {
  looks: Uint32Array;
  starts: Uint32Array;
  refs: Uint32Array;
}

function toGraph(all: readonly BtfTypeSpec[]): Graph {
  const byLook = new Map<string, number>();
  const names = new Map<string, number>();
  /** Names as numbers: many types may have one long one. */
  const numberOf = (name: string): number => {
    let number = names.get(name);
    if (number === undefined) names.set(name, (number = names.size));
    return number;
  };
  const looks = new Uint32Array(all.length + 1);
  const starts = new Uint32Array(all.length + 2);
  const refs: number[] = [];
  all.forEach((spec, i) => {
    const id = i + 1;
    starts[id] = refs.length;
    const look = lookOf(spec, id, numberOf);
    let number = byLook.get(look);
    if (number === undefined) byLook.set(look, (number = byLook.size + 1));
    looks[id] = number;
    mapReferences(spec, (to) => {
      refs.push(to);
      return to;
    });
  });
  starts[all.length + 1] = refs.length;
  return { looks, starts, refs: Uint32Array.from(refs) };
}

/** All of a type but the ids that it refers to. Variables and sections are told apart by their id: they are never merged. */
function lookOf(spec: BtfTypeSpec, id: number, numberOf: (name: string) => number): string {
  const name = numberOf(spec.name ?? "");
  switch (spec.kind) {
    case "int":
      return JSON.stringify([
        1,
        name,
        spec.size,
        spec.bits ?? spec.size * 8,
        spec.offset ?? 0,
        spec.encoding ?? Number(spec.signed ?? false),
      ]);
    case "array":
      return `3:${spec.length}`;
    case "struct":
    case "union":
      return JSON.stringify([
        spec.kind,
        name,
        spec.size,
        spec.members.map((m) => [numberOf(m.name), m.bitOffset, m.bitfieldSize]),
      ]);
    case "enum":
    case "enum64":
      return JSON.stringify([
        spec.kind,
        name,
        spec.size,
        spec.signed,
        spec.values.map((v) => [numberOf(v.name), String(v.value)]),
      ]);
    case "func_proto":
      return JSON.stringify([spec.kind, spec.variadic === true, spec.params.map((p) => numberOf(p.name))]);
    case "fwd":
      return JSON.stringify([spec.kind, name, spec.union]);
    case "func":
      return JSON.stringify([spec.kind, name, spec.linkage]);
    case "decl_tag":
      return JSON.stringify([spec.kind, name, spec.componentIdx ?? -1, spec.attribute === true]);
    case "type_tag":
      return JSON.stringify([spec.kind, name, spec.attribute === true]);
    case "float":
      return JSON.stringify([spec.kind, name, spec.size]);
    case "var":
    case "datasec":
      return `only ${id}`;
    case "ptr":
    case "typedef":
    case "volatile":
    case "const":
    case "restrict":
      return JSON.stringify([spec.kind, name]);
    default:
      return spec satisfies never;
  }
}

/** For each id the lowest id that is the same type. What `target` already leads elsewhere follows its target; the base's ids stay. */
function mergeSame(graph: Graph, target: Uint32Array, firstId: number): Uint32Array {
  const { looks, starts } = graph;
  const refs = graph.refs.map((id) => target[id]!);
  const { low, high } = refine(looks, starts, refs);
  const same = identity(looks.length);
  const representatives = new Map<string, number>();
  for (let id = 1; id < same.length; id++) {
    if (target[id] !== id) continue;
    const key = `${low[id]},${high[id]}`;
    const representative = representatives.get(key);
    if (representative === undefined) representatives.set(key, id);
    else same[id] = representative;
  }
  verify({ looks, starts, refs }, same);
  const merged = identity(looks.length);
  for (let id = firstId; id < merged.length; id++) merged[id] = same[target[id]!]!;
  return merged;
}

/** A pair of 32-bit hashes for each type, equal for types of one class. */
function refine(looks: Uint32Array, starts: Uint32Array, refs: Uint32Array): { low: Int32Array; high: Int32Array } {
  const count = looks.length;
  let low = Int32Array.from(looks, (look) => mix(0x2545f491, look));
  let high = Int32Array.from(looks, (look) => mix(0x1e3779b9, look));
  let classes = countClasses(low, high);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const nextLow = new Int32Array(count);
    const nextHigh = new Int32Array(count);
    for (let id = 0; id < count; id++) {
      let l = low[id]!;
      let h = high[id]!;
      const end = starts[id + 1]!;
      for (let r = starts[id]!; r < end; r++) {
        const to = refs[r]!;
        l = mix(l, low[to]!);
        h = mix(h, high[to]! ^ 0x5bd1e995);
      }
      nextLow[id] = l;
      nextHigh[id] = h;
    }
    low = nextLow;
    high = nextHigh;
    const now = countClasses(low, high);
    if (now <= classes) return { low, high };
    classes = now;
  }
  throw new BtfError("BTF_LIMIT", `dedup: types refer to each other more than ${MAX_ROUNDS} levels deep`);
}

/** That what {@link refine} found is a bisimulation: a claim that fails means that two hashes collided. */
function verify({ looks, starts, refs }: Graph, same: Uint32Array): void {
  for (let id = 1; id < same.length; id++) {
    const to = same[id]!;
    if (to === id) continue;
    const length = starts[id + 1]! - starts[id]!;
    let equal = looks[id] === looks[to] && starts[to + 1]! - starts[to]! === length;
    for (let r = 0; equal && r < length; r++) equal = same[refs[starts[id]! + r]!] === same[refs[starts[to]! + r]!];
    if (!equal) throw new BtfError("BTF_LIMIT", `dedup: types ${to} and ${id} have the same hash but differ`);
  }
}

/** Leads forward declarations to the only definition of their name; answers whether it changed anything. */
function resolveForwards(all: readonly BtfTypeSpec[], target: Uint32Array, firstId: number): boolean {
  const definitions = new Map<string, number>();
  all.forEach((spec, i) => {
    const id = i + 1;
    const key = definitionKey(spec);
    if (key === undefined || target[id] !== id) return;
    // -1: more than one.
    definitions.set(key, definitions.has(key) ? -1 : id);
  });
  let changed = false;
  for (let id = firstId; id < target.length; id++) {
    if (target[id] !== id) continue;
    const key = forwardKey(all[id - 1]!);
    const definition = key === undefined ? undefined : definitions.get(key);
    if (definition === undefined || definition < 0) continue;
    target[id] = definition;
    changed = true;
  }
  if (changed) for (let id = firstId; id < target.length; id++) target[id] = target[target[id]!]!;
  return changed;
}

function definitionKey(spec: BtfTypeSpec): string | undefined {
  if (spec.name === undefined || spec.name === "") return undefined;
  if (spec.kind === "struct" || spec.kind === "union") return `${spec.kind} ${spec.name}`;
  if ((spec.kind === "enum" || spec.kind === "enum64") && spec.values.length > 0) return `enum ${spec.name}`;
  return undefined;
}

function forwardKey(spec: BtfTypeSpec): string | undefined {
  if (spec.kind === "fwd") return `${spec.union ? "union" : "struct"} ${spec.name}`;
  if ((spec.kind === "enum" || spec.kind === "enum64") && spec.values.length === 0 && spec.name !== "")
    return `enum ${spec.name}`;
  return undefined;
}

/** Not symmetric in its arguments: what refers and what is referred to must not be confused. */
function mix(hash: number, value: number): number {
  let h = Math.imul(hash, 0x01000193) ^ Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35) + 0x165667b1;
  return h ^ (h >>> 16);
}

function countClasses(low: Int32Array, high: Int32Array): number {
  let size = 16;
  while (size < low.length * 2) size *= 2;
  const slots = new Int32Array(size).fill(-1);
  let count = 0;
  for (let i = 0; i < low.length; i++) {
    let at = (low[i]! ^ Math.imul(high[i]!, 31)) & (size - 1);
    for (;;) {
      const held = slots[at]!;
      if (held === -1) {
        slots[at] = i;
        count++;
        break;
      }
      if (low[held] === low[i] && high[held] === high[i]) break;
      at = (at + 1) & (size - 1);
    }
  }
  return count;
}
