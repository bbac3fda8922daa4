import { describe, expect, test } from "vitest";
import { runSeeds } from "./seeds.ts";

/** Enough for the controls of which only some have to fail. */
const FEW_SEEDS = 100;

describe("the upgrade under load, with something left out", { timeout: 300_000 }, () => {
  test("without tracers at least half of a thousand seeds are damaged", () => {
    const { damaged, lost, stale } = runSeeds("none", 1000);
    expect(damaged).toBeGreaterThanOrEqual(500);
    expect(lost).toBeGreaterThan(0);
    expect(stale).toBeGreaterThan(0);
  });

  test("with the UPDATE tracer alone some keep closed files", () => {
    const { stale } = runSeeds("update only", FEW_SEEDS);
    expect(stale).toBeGreaterThan(0);
  });

  test("with the DELETE tracer alone some lose opened files", () => {
    const { lost } = runSeeds("delete only", FEW_SEEDS);
    expect(lost).toBeGreaterThan(0);
  });
});
