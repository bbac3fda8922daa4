import { expect, test } from "vitest";
import { program, wasmBenches } from "../bench/emit.ts";

test("the benchmarks build what the engine takes", () => {
  for (const { name, run } of wasmBenches()) expect(run(2), name).toBeGreaterThan(2 * 80_000);
  const bytes = program(10_000, true).encode();
  expect(WebAssembly.validate(bytes)).toBe(true);
  expect(program(10_000, false).encode()).toEqual(bytes);
});
