/// <reference types="node" />
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { OP } from "../src/ops.ts";

test("interpret.ts has one case for each operation, under its number", () => {
  const source = readFileSync(new URL("../src/interpret.ts", import.meta.url), "utf8");
  const cases = [...source.matchAll(/^ +case (\d+):(?: \{)?\s+\/\/ (\w+)$/gm)].map(([, number, name]) => [
    name,
    Number(number),
  ]);
  expect(Object.fromEntries(cases)).toEqual(OP);
  expect(cases).toHaveLength(Object.keys(OP).length);
});

test("operations are numbered without gaps, so that V8 makes a jump table", () => {
  const numbers = Object.values(OP).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => i));
});
