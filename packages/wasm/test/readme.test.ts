/// <reference types="node" />
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";

test("the README's example is the one in examples/, runs, and prints what it says", async () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const block = /^```ts\n([\s\S]*?)^```$/m.exec(readme)?.[1];
  expect(block).toBe(readFileSync(new URL("../examples/readme.ts", import.meta.url), "utf8"));
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import("../examples/readme.ts");
  const text = (value: unknown): string => (typeof value === "bigint" ? `${value}n` : String(value));
  const printed = log.mock.calls.map((args) => args.map(text).join(" "));
  log.mockRestore();
  // After what is printed a comment may go on with a colon.
  const promised = [...block!.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((found) => found[1]!);
  expect(printed.length).toBe(promised.length);
  for (const [i, line] of printed.entries()) {
    expect(promised[i] === line || promised[i]!.startsWith(`${line}: `), `${promised[i]} is not ${line}`).toBe(true);
  }
});
