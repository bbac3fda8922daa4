import fc from "fast-check";
import type { Family } from "./family.ts";
import { Objects } from "./objects.ts";
import type { Side } from "./sides.ts";
import type { MapSpec, Op } from "./spec.ts";
import { type BtfName, NAMED_BTF } from "./types.ts";
import { World } from "./world.ts";

/** Lines of a difference that are shown. */
const SHOWN = 60;
/** Sequences of one call of fast-check, at most: it shrinks what one of them finds. */
const MOST_SEQUENCES = 50;

/** A map, and what is done to it. */
export interface Sequence {
  readonly spec: MapSpec;
  readonly ops: readonly Op[];
}

/** Two kernels that do not agree. */
class Difference extends Error {}

/** What a run came to. */
export interface Tally {
  operations: number;
  sequences: number;
  /** Operations that did not fail, in percent, by kind: what always fails the same way says little. */
  readonly succeeded: Map<string, { all: number; ok: number }>;
}

/** `update 71 %, delete 30 %`: which part of each kind of operation did not fail. */
export function successes({ succeeded }: Tally): string {
  return [...succeeded]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, { all, ok }]) => `${kind} ${Math.round((100 * ok) / all)} %`)
    .join(", ");
}

/** Sequences of a family. */
export function sequences(family: Family): fc.Arbitrary<Sequence> {
  return fc.record({
    spec: family.spec,
    ops: fc.array(family.op, { minLength: 1, maxLength: family.longest ?? 250, size: "max" }),
  });
}

/** What one kernel answers to a sequence: to the creation, then to each operation. */
export function answersOf(side: Side, objects: Objects, family: Family, { spec, ops }: Sequence): string[] {
  const world = new World(side, objects, family, spec);
  try {
    const answers = [world.create()];
    if (world.exists) for (const op of ops) answers.push(world.do(op));
    return answers;
  } finally {
    world.close();
  }
}

/**
 * Puts the same random sequences to two kernels until they come to `operations`; fast-check shrinks a sequence whose answers differ to a shortest one.
 *
 * @throws Error with the story of that sequence; Error for memory that a closed map leaves behind
 */
export function compare(family: Family, sides: readonly [Side, Side], operations: number, seed: number): Tally {
  const tally: Tally = { operations: 0, sequences: 0, succeeded: new Map() };
  const objects = sides.map((side) => new Objects(side));
  const property = fc.property(sequences(family), (sequence) => {
    const before = sides.map((side) => side.liveBytes());
    const [theirs, ours] = sides.map((side, i) => answersOf(side, objects[i]!, family, sequence));
    tally.operations += theirs!.length;
    tally.sequences++;
    for (const [i, answer] of theirs!.entries()) count(tally, i === 0 ? undefined : sequence.ops[i - 1], answer);
    const at = theirs!.findIndex((answer, i) => answer !== ours![i]);
    if (at >= 0) throw new Difference(story(sequence, at, theirs!, ours!));
    for (const [i, side] of sides.entries()) {
      const left = (side.liveBytes() ?? 0) - (before[i] ?? 0);
      if (left !== 0)
        throw new Difference(`${side.name}: ${left} bytes are left of a closed map: ${show(sequence.spec)}`);
    }
  });
  try {
    // What objects take is taken before bytes are counted.
    for (const one of objects) warmUp(one, family);
    const numRuns = Math.min(MOST_SEQUENCES, Math.ceil(operations / 200));
    for (let round = 0; tally.operations < operations; round++) {
      const result = fc.check(property, { numRuns, seed: seed + round });
      if (!result.failed) continue;
      const { errorInstance, numShrinks } = result;
      const why = errorInstance instanceof Error ? errorInstance : new Error(String(errorInstance));
      // Its stack, where it is not a difference but a defect of this test or of a kernel.
      const text = why instanceof Difference ? why.message : why.stack;
      throw new Error(`${family.name}, seed ${seed + round}, shrunk ${numShrinks} times: ${text}`);
    }
    return tally;
  } finally {
    for (const one of objects) one.close();
  }
}

function count({ succeeded }: Tally, op: Op | undefined, answer: string): void {
  const kind = op === undefined ? "create" : op.op === "run" ? `run ${op.call}` : op.op;
  const entry = succeeded.get(kind) ?? { all: 0, ok: 0 };
  entry.all++;
  // A program's negative result is a failure, too.
  if (/^ok(?! -)/.test(answer)) entry.ok++;
  succeeded.set(kind, entry);
}

/** Opens the objects that a family's elements may hold. */
function warmUp(objects: Objects, family: Family): void {
  for (const name of family.objects ?? []) objects.fd(name, -1);
  for (const name of Object.keys(NAMED_BTF) as BtfName[]) objects.btf(name);
  objects.kernelBtf();
  objects.forgetFiles();
}

function story({ spec, ops }: Sequence, at: number, theirs: readonly string[], ours: readonly string[]): string {
  const lines = [`create ${show(spec)}`, ...ops.map(show)]
    .slice(0, at + 1)
    .map((line, i) => `${line}  ->  ${short(theirs[i]!)}`);
  const shown = lines.length > SHOWN ? [...lines.slice(0, 5), "…", ...lines.slice(5 - SHOWN)] : lines;
  return [`step ${at}`, ...shown, `Linux: ${theirs[at]}`, `ours:  ${ours[at]}`].join("\n");
}

function short(answer: string): string {
  return answer.length > 100 ? `${answer.slice(0, 100)}…` : answer;
}

/** JSON, with bigints as text. */
export function show(value: object): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? `${item}n` : item));
}
