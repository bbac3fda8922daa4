/// <reference types="node" />
/**
 * Our maps against what a Linux 6.18.44 with two CPUs answered to the same questions: for every machine. With BPF_TS_RECORD=1, and where the running
 * kernel can be asked, the answers are recorded again.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { COMPARISONS } from "./linux/comparisons.ts";
import { askKernel } from "./linux/oracle.ts";
import { Random } from "./linux/random.ts";
import { Session } from "./linux/session.ts";

const FILE = new URL("./linux/recorded.txt", import.meta.url);
const CPUS = 2;
const QUESTIONS = 500;

/** Long answers are kept by their hash. */
function short(answer: string): string {
  return answer.length <= 60 ? answer : `#${createHash("sha256").update(answer).digest("hex").slice(0, 16)}`;
}

function sessionOf(index: number): Session {
  const session = new Session(CPUS);
  const random = new Random(99_000 + index);
  while (session.length < QUESTIONS) COMPARISONS[index]!.add(session, random);
  return session;
}

if (process.env["BPF_TS_RECORD"] === "1") {
  const parts = COMPARISONS.map(({ name }, index) => {
    const { lines } = sessionOf(index);
    const answers = askKernel(lines).map(short);
    const questions = createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 16);
    return [`== ${name} ${questions}`, ...answers].join("\n");
  });
  writeFileSync(FILE, `${parts.join("\n")}\n`);
}

/** By name: the hash of the questions, and the answers. */
const recorded = new Map(
  readFileSync(FILE, "utf8")
    .split(/^== /m)
    .slice(1)
    .map((part) => {
      const [title, ...answers] = part.trimEnd().split("\n");
      const at = title!.lastIndexOf(" ");
      return [title!.slice(0, at), { questions: title!.slice(at + 1), answers }] as const;
    }),
);

describe("like a recorded Linux 6.18", () => {
  for (const [index, { name }] of COMPARISONS.entries()) {
    test(name, () => {
      const session = sessionOf(index);
      const known = recorded.get(name);
      const questions = createHash("sha256").update(session.lines.join("\n")).digest("hex").slice(0, 16);
      expect(known?.questions, "other questions than those recorded: record again with BPF_TS_RECORD=1").toBe(
        questions,
      );
      session.expectAnswers(known!.answers, short);
    });
  }
});
