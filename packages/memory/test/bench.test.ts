import { expect, test } from "vitest";
import { memoryBenches } from "../bench/alloc.ts";

test("the benchmarks do what they measure", () => {
  for (const { name, run } of memoryBenches()) expect(run(100), name).toBeGreaterThanOrEqual(100);
});
