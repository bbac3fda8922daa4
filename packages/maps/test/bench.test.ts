import { expect, test } from "vitest";
import { fillHash, mapBenches } from "../bench/hash.ts";

test("the benchmarks do what they measure", () => {
  const benches = mapBenches([10, 100]);
  expect(benches.map(({ name }) => name)).toContain("hash, 100 entries: delete and insert");
  // A look-up answers an address, everything else 0 or an errno.
  for (const { name, run } of benches) expect(run(200) > 0, name).toBe(name.endsWith(": hit"));
  for (const { close } of benches) close();
  expect(fillHash(100)).toBeGreaterThan(0);
});
