/// <reference types="node" />
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";

test("the README's example is the one in examples/, and prints what it says", async () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const block = /^```ts\n([\s\S]*?)^```$/m.exec(readme)?.[1];
  expect(block).toBe(readFileSync(new URL("../examples/readme.ts", import.meta.url), "utf8"));
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import("../examples/readme.ts");
  const calls = log.mock.calls;
  log.mockRestore();
  const [verdict, ...others] = calls.map((args) => args.map((arg) => (typeof arg === "object" ? arg : `${arg}`)));
  expect(verdict).toEqual([{ ok: true, log: "" }]);
  const lines = others.map((args) => args.join(" "));
  const promised = [...block!.matchAll(/; \/\/ (.*)$/gm)].map((found) => found[1]!).slice(1);
  expect(promised).toHaveLength(5);
  expect(lines.slice(0, 5)).toEqual(promised);
  expect(lines[5]).toContain('            "urgent": 0x1,\n');
  expect(lines[6]).toContain("struct job {\n\tint pid;\n\tenum state state;\n\tint urgent: 1;\n\tchar comm[8];\n");
  expect(lines[7]).toContain('export type state = "IDLE" | "BUSY" | number;\n');
});
