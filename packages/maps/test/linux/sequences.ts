import type { MapDef } from "@bpf-ts/uapi";
import type { Random } from "./random.ts";
import { isPercpu, type Session } from "./session.ts";

const FLAGS = [
  0n,
  0n,
  0n,
  0n,
  0n,
  0n,
  1n,
  1n,
  2n,
  2n,
  3n,
  4n,
  5n,
  6n,
  8n,
  0x1_0000_0000n,
  0xffff_ffff_ffff_ffffn,
] as const;
const READ_FLAGS = [0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 4n, 1n, 0xffff_ffff_ffff_ffffn] as const;

/** What random operations a map is put through. */
export interface Plan {
  session: Session;
  random: Random;
  map: number;
  def: MapDef;
  /** A key, known or not. */
  key: () => Uint8Array;
  /** Operations that programs do as well. */
  programs: boolean;
  batches: boolean;
  operations: number;
  /** A value as user space writes it; random bytes unless told otherwise. */
  value?: () => Uint8Array;
}

/** Random look-ups, updates, deletions, walks, batches, by bpf(2) and by programs. */
export function keyValueOperations(plan: Plan): void {
  const { session, random, map, def, key } = plan;
  const { cpus } = session.table.facts;
  const size = isPercpu(def.type) ? Math.ceil(def.valueSize / 8) * 8 * cpus : def.valueSize;
  const hash = [1, 5, 9, 10].includes(def.type);
  const anyValue = (): Uint8Array => {
    const bytes = random.bytes(size);
    // What lies between a value's end and the next one is nobody's business: zero, so that it can be compared.
    if (isPercpu(def.type)) {
      const stride = Math.ceil(def.valueSize / 8) * 8;
      for (let i = 0; i < size; i++) if (i % stride >= def.valueSize) bytes[i] = 0;
    }
    return bytes;
  };
  const value = plan.value ?? anyValue;
  const many = (n: number, one: () => Uint8Array): Uint8Array => concat(Array.from({ length: n }, one));
  // Fill it first, as a rule: what happens when a map is full is where types differ.
  if (!random.oneIn(4))
    for (let i = 0; i < Math.min(1500, def.maxEntries); i++) session.update(map, key(), value(), 0n);
  for (let i = 0; i < plan.operations; i++) {
    const kind = random.below(plan.programs ? 20 : 14);
    if (kind < 5) session.update(map, key(), value(), random.pick(FLAGS));
    else if (kind < 8) session.lookup(map, key(), random.pick(READ_FLAGS));
    else if (kind < 10) session.delete(map, key());
    else if (kind === 10) session.next(map, random.oneIn(4) ? null : key());
    else if (kind === 11) session.lookup(map, key(), random.pick(READ_FLAGS), true);
    else if (kind === 12) session.keys(map, 2 * Math.min(1000, def.maxEntries) + 10);
    else if (kind === 13) {
      if (!plan.batches) continue;
      const n = random.below(6);
      const which = random.below(4);
      const start = random.oneIn(2) ? null : hash ? littleEndian(random.below(def.maxEntries * 2)) : key();
      if (which === 0)
        session.lookupBatch(map, start, random.below(2 * Math.min(64, def.maxEntries)), random.pick(READ_FLAGS), false);
      else if (which === 1) session.lookupBatch(map, start, random.below(8), random.pick(READ_FLAGS), true);
      else if (which === 2) session.updateBatch(map, many(n, key), many(n, value), n, random.pick(READ_FLAGS));
      else session.deleteBatch(map, many(n, key), n, random.pick(READ_FLAGS));
    } else if (kind < 16) session.run(map, "lookup", key(), new Uint8Array(0), 0n);
    else if (kind < 18) session.run(map, "update", key(), random.bytes(def.valueSize), random.pick(FLAGS));
    else if (kind === 18) session.run(map, "delete", key(), new Uint8Array(0), 0n);
    else if (isPercpu(def.type))
      session.run(map, "lookupcpu", key(), new Uint8Array(0), BigInt(random.below(cpus + 2)));
  }
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Four bytes. */
export function littleEndian(n: number): Uint8Array {
  return Uint8Array.of(n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24);
}

/** Random pushes, pops and peeks of a keyless map. */
export function queueOperations(plan: Omit<Plan, "key" | "batches">): void {
  const { session, random, map, def } = plan;
  const none = new Uint8Array(0);
  const value = (): Uint8Array => random.bytes(def.valueSize);
  for (let i = 0; i < plan.operations; i++) {
    const kind = random.below(plan.programs ? 12 : 8);
    if (kind < 3) session.update(map, none, value(), random.pick(FLAGS));
    else if (kind < 5) session.lookup(map, none, random.pick(READ_FLAGS));
    else if (kind < 7) session.lookup(map, none, random.pick(READ_FLAGS), true);
    else if (kind === 7) session.delete(map, none);
    else if (kind < 10) session.run(map, "push", none, value(), random.pick(FLAGS));
    else session.run(map, random.pick(["pop", "peek"]), none, none, 0n);
  }
}

/** Random pushes into a bloom filter, and questions about values that may be in it. */
export function bloomOperations(plan: Omit<Plan, "batches">): void {
  const { session, random, map, key } = plan;
  const none = new Uint8Array(0);
  for (let i = 0; i < plan.operations; i++) {
    const kind = random.below(plan.programs ? 8 : 6);
    if (kind < 2) session.update(map, none, key(), random.pick(FLAGS));
    else if (kind < 5) session.peek(map, key());
    else if (kind === 5) session.delete(map, none);
    else if (kind === 6) session.run(map, "push", none, key(), random.pick(FLAGS));
    else session.run(map, "peek", key(), none, 0n);
  }
}

/** Random operations on a map of objects. */
export function objectOperations(plan: Omit<Plan, "programs">, objects: readonly string[], readable: boolean): void {
  const { session, random, map, key } = plan;
  for (let i = 0; i < plan.operations; i++) {
    const kind = random.below(plan.batches ? 10 : 9);
    if (kind < 4) session.updateFd(map, key(), random.pick(objects), random.pick(FLAGS));
    else if (kind < 6) readable ? session.lookupFd(map, key()) : session.lookup(map, key(), random.pick(READ_FLAGS));
    else if (kind === 6) session.delete(map, key());
    else if (kind === 7) session.next(map, random.oneIn(4) ? null : key());
    else if (kind === 8) session.lookup(map, key(), 0x8n, true);
    else session.deleteBatch(map, concat([key(), key()]), 2, random.pick(READ_FLAGS));
  }
}
