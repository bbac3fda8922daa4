/// <reference types="node" />
/**
 * Our maps against what a Linux 6.18.44 with two CPUs answered to the same sequences: for every machine. With BPF_TS_RECORD=1, and where the running
 * kernel can be asked, the answers are recorded again.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answersOf, type Sequence, sequences, show } from "../../src/sameness/compare.ts";
import type { Family } from "../../src/sameness/family.ts";
import { Objects } from "../../src/sameness/objects.ts";
import { openLinux, openOurs, type Side } from "../../src/sameness/sides.ts";
import { FAMILIES } from "../../src/sameness/table.ts";

const FILE = new URL("./recorded.txt", import.meta.url);
const CPUS = 2;
/** Of each family. */
const SEQUENCES = 6;
const SEED = 2024;

function sequencesOf(family: Family): Sequence[] {
  const shorter = { ...family, longest: Math.min(family.longest ?? 60, 60) };
  const many = family.longest === 1 ? 40 : SEQUENCES;
  return fc.sample(sequences(shorter), { numRuns: many, seed: SEED });
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** Long answers are kept by their hash. */
function short(answer: string): string {
  return answer.length <= 40 ? answer : `#${digest(answer)}`;
}

function askAll(side: Side, family: Family): string[][] {
  const objects = new Objects(side);
  try {
    return sequencesOf(family).map((sequence) => answersOf(side, objects, family, sequence).map(short));
  } finally {
    objects.close();
  }
}

if (process.env["BPF_TS_RECORD"] === "1") {
  const linux = openLinux();
  if (typeof linux === "string") throw new Error(linux);
  if (linux.bpf.possibleCpus !== CPUS) throw new Error(`answers are recorded with ${CPUS} CPUs`);
  const parts = FAMILIES.map((family) => {
    const questions = digest(show(sequencesOf(family)));
    return [`== ${family.name} ${questions}`, ...askAll(linux, family).map((answers) => answers.join("\t"))].join("\n");
  });
  writeFileSync(FILE, `${parts.join("\n")}\n`);
}

/** By family: the hash of the sequences, and the answers to each. */
const recorded = new Map(
  readFileSync(FILE, "utf8")
    .split(/^== /m)
    .slice(1)
    .map((part) => {
      const [title, ...answers] = part.trimEnd().split("\n");
      const at = title!.lastIndexOf(" ");
      const family = { questions: title!.slice(at + 1), answers: answers.map((line) => line.split("\t")) };
      return [title!.slice(0, at), family] as const;
    }),
);

describe("as a recorded Linux 6.18", () => {
  test.each(FAMILIES.map((family) => [family.name, family] as const))("%s", (name, family) => {
    const known = recorded.get(name);
    expect(known?.questions, "other sequences than those recorded: record again with BPF_TS_RECORD=1").toBe(
      digest(show(sequencesOf(family))),
    );
    const ours = askAll(openOurs(CPUS), family);
    const steps = sequencesOf(family).map(({ spec, ops }) => [`create ${show(spec)}`, ...ops.map(show)]);
    const label = (answers: readonly (readonly string[])[]): string[][] =>
      answers.map((list, i) => list.map((answer, step) => `${steps[i]![step]} -> ${answer}`));
    expect(label(ours)).toEqual(label(known!.answers));
  });
});
