/// <reference types="node" />
import { describe, expect, it } from "vitest";
import type { Verdict } from "../../src/index.ts";
import { kernelRelease, kernelUnavailable } from "../kernel/prog-load.ts";
import { kernelAnswers, ourAnswer, ourVerdict, readCases, TOPICS, writeCases } from "./harness.ts";

for (const topic of TOPICS) {
  describe(topic, () => {
    it.each(readCases(topic).map((c) => [c.name, c] as const))("%s", (_name, c) => {
      expect(c.answer).not.toBe("");
      expect(ourAnswer(c)).toBe(c.answer);
    });
  });
}

const ALL = TOPICS.flatMap(readCases);

/** A verdict without its log and the time it took. */
function essence(verdict: Verdict): unknown {
  const { log: _log, stats, ...rest } = verdict;
  return { ...rest, stats: { ...stats, usec: 0 } };
}

describe("the log's level", () => {
  it.each([1, 2, 4, 5, 6])("%i changes nothing but the log", (level) => {
    for (const c of ALL) expect(essence(ourVerdict(c, level)), c.name).toEqual(essence(ourVerdict(c, 0)));
  });

  it("0 is silence", () => {
    for (const c of ALL) expect(ourVerdict(c, 0).log, c.name).toBe("");
  });

  it("1 shows of a program that is accepted its statistics alone", () => {
    const accepted = ALL.filter((c) => c.answer.startsWith("accept"));
    expect(accepted.length).toBeGreaterThan(20);
    for (const c of accepted)
      expect(ourVerdict(c, 1).log, c.name).toMatch(/^(?:[^\n]*\n)?processed \d+ insns [^\n]*\n$/);
  });
});

describe("the log's size", () => {
  const longest = ALL.reduce((a, b) => (b.answer.length > a.answer.length ? b : a));

  it.each([1, 100, 1000])("of %i characters keeps the end", (size) => {
    const whole = ourVerdict(longest, 2).log;
    expect(whole.length).toBeGreaterThan(2000);
    expect(ourVerdict(longest, 2, size).log).toBe(whole.slice(-size));
  });

  it("changes nothing but the log", () => {
    for (const c of ALL) expect(essence(ourVerdict(c, 2, 64)), c.name).toEqual(essence(ourVerdict(c, 0)));
  });
});

const release = kernelRelease();
const reason = kernelUnavailable() ?? (release === "6.18" ? undefined : `the running kernel is ${release}, not 6.18`);

describe.skipIf(reason !== undefined)(`the recorded logs${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  it.each(TOPICS)("of %s are the running kernel's", (topic) => {
    const cases = readCases(topic);
    const answers = kernelAnswers(cases);
    if (process.env["BPF_TS_RECORD"] === "1") writeCases(topic, cases, answers);
    expect(cases.map((c) => c.answer)).toEqual(answers);
  });
});
