/// <reference types="node" />
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Judgement } from "../../src/corpus/judge.ts";
import { EXPECTED_FAILURES } from "./expected-failures.ts";

const dir = process.env["BPF_TS_CORPUS"] ?? "";
const skipped = dir === "" ? "BPF_TS_CORPUS is not set" : undefined;

interface Summary {
  judged: number;
  decided: number;
  agree: number;
  falseAccepts: string[];
  ms: number;
}

/** Runs the corpus as its command does, bundled: in vitest's own module runner it would take twice as long. */
function run(): { judgements: Judgement[]; summary: Summary } {
  const script = fileURLToPath(new URL("../../scripts/corpus.mjs", import.meta.url));
  const result = spawnSync(process.execPath, [script, "--json"], { encoding: "utf8", maxBuffer: 1 << 28 });
  const lines = result.stdout.split("\n").filter((line) => line !== "");
  if (lines.length < 2) throw new Error(`corpus run failed: ${result.stderr}`);
  const { summary } = JSON.parse(lines.pop()!) as { summary: Summary };
  return { judgements: lines.map((line) => JSON.parse(line) as Judgement), summary };
}

/** Says why, where these tests cannot run. */
const title = `Linux 6.18's answers${skipped === undefined ? "" : ` (skipped: ${skipped})`}`;

describe.skipIf(skipped !== undefined)(title, () => {
  it("to the corpus' programs are ours", { timeout: 300_000 }, () => {
    // A folder that is set but not there is an error, not a reason to skip.
    expect(existsSync(join(dir, "verifier.jsonl.gz")), `${dir}/verifier.jsonl.gz exists`).toBe(true);
    const { judgements, summary } = run();

    expect(summary.falseAccepts).toEqual([]);
    const crashed = judgements.filter((j) => j.differences.includes("crash"));
    expect(crashed.map((j) => `${j.id}: ${j.detail}`)).toEqual([]);
    expect(summary.judged).toBeGreaterThan(1800);
    expect(summary.decided / summary.judged).toBeGreaterThanOrEqual(0.35);
    expect(summary.agree / summary.decided).toBeGreaterThanOrEqual(0.97);

    const wrong = judgements.filter((j) => j.outcome === "wrong");
    const unexpected = wrong.filter((j) => EXPECTED_FAILURES[j.id] === undefined);
    expect(unexpected.map((j) => `${j.id}: ${j.detail}`)).toEqual([]);
    const passing = Object.entries(EXPECTED_FAILURES).filter(
      ([id, difference]) => !wrong.some((j) => j.id === id && j.differences.includes(difference)),
    );
    expect(passing).toEqual([]);
  });
});
