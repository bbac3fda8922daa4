import { describe, expect, test } from "vitest";
import { type Tracing, upgrade } from "../../src/demo/upgrade.ts";

const SEEDS = 1000;
/** Enough for the controls of which only some have to fail. */
const FEW_SEEDS = 100;

/** How many of the seeds lost something, and how many kept something stale. */
function run(tracing: Tracing, seeds: number): { lost: number; stale: number; damaged: number; surprised: number } {
  const counts = { lost: 0, stale: 0, damaged: 0, surprised: 0 };
  for (let seed = 1; seed <= seeds; seed++) {
    const { lost, stale, surprises } = upgrade(seed, tracing);
    if (lost.length > 0) counts.lost++;
    if (stale.length > 0) counts.stale++;
    if (lost.length + stale.length > 0) counts.damaged++;
    if (surprises.length > 0) counts.surprised++;
  }
  console.log(`${seeds} seeds, tracing ${tracing}: ${JSON.stringify(counts)}`);
  return counts;
}

describe("the upgrade under load, a thousand seeds", { timeout: 300_000 }, () => {
  test("with both tracers none loses or keeps anything", () => {
    expect(run("both", SEEDS)).toEqual({ lost: 0, stale: 0, damaged: 0, surprised: 0 });
  });

  test("without tracers at least half are damaged", () => {
    expect(run("none", SEEDS).damaged).toBeGreaterThanOrEqual(SEEDS / 2);
  });

  test("with the UPDATE tracer alone some keep closed files", () => {
    const { stale } = run("update only", FEW_SEEDS);
    expect(stale).toBeGreaterThan(0);
  });

  test("with the DELETE tracer alone some lose opened files", () => {
    const { lost } = run("delete only", FEW_SEEDS);
    expect(lost).toBeGreaterThan(0);
  });
});

test("the same seed gives the same run", () => {
  expect(upgrade(7, "both")).toEqual(upgrade(7, "both"));
});
