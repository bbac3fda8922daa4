import { describe, expect, test } from "vitest";
import { runSeeds } from "./seeds.ts";

const SEEDS = 1000;

describe("the upgrade under load, with something left out", { timeout: 300_000 }, () => {
  test("without tracers at least half of the seeds are damaged", () => {
    const { damaged, lost, stale } = runSeeds("none", SEEDS);
    expect(damaged).toBeGreaterThanOrEqual(SEEDS / 2);
    expect(lost).toBeGreaterThan(0);
    expect(stale).toBeGreaterThan(0);
  });

  test("with the UPDATE tracer alone some keep closed files, and lose opened ones", () => {
    const { stale, lost } = runSeeds("update only", SEEDS);
    expect(stale).toBeGreaterThan(0);
    expect(lost).toBeGreaterThan(0);
  });

  test("with the DELETE tracer alone some lose opened files", () => {
    const { lost } = runSeeds("delete only", SEEDS);
    expect(lost).toBeGreaterThan(0);
  });
});
