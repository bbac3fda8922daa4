/// <reference types="node" />
import { readdirSync, readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { UNSUPPORTED_FEATURES } from "../src/index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the README's example is the one in examples/, runs, and prints what it says", async () => {
  const block = /^```ts\n([\s\S]*?)^```$/m.exec(readme)?.[1];
  expect(block).toBe(readFileSync(new URL("../examples/readme.ts", import.meta.url), "utf8"));
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import("../examples/readme.ts");
  const printed = log.mock.calls.map((args) => args.join(" "));
  log.mockRestore();
  // After what is printed a comment may go on with a colon.
  const promised = [...block!.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((found) => found[1]!);
  expect(printed.length).toBe(promised.length);
  for (const [i, line] of printed.entries()) {
    expect(promised[i] === line || promised[i]!.startsWith(`${line}: `), `${promised[i]} is not ${line}`).toBe(true);
  }
});

test("the README lists what is not modelled, in the table's words", () => {
  const listed = [...readme.matchAll(/^\| `([a-z-]+)` +\| (.*?) +\|$/gm)].map((found) => [found[1]!, found[2]!]);
  expect(Object.fromEntries(listed)).toEqual(UNSUPPORTED_FEATURES);
});

test("each of them is raised somewhere: what is modelled by now leaves the table", () => {
  const folder = new URL("../src/", import.meta.url);
  const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && file !== "unsupported.ts")
    .map((file) => readFileSync(new URL(file.replaceAll("\\", "/"), folder), "utf8"));
  const raised = new Set(
    sources.flatMap((text) => [...text.matchAll(/unsupported(?:\(|: )"([a-z-]+)"/g)].map((found) => found[1]!)),
  );
  expect([...raised].sort()).toEqual(Object.keys(UNSUPPORTED_FEATURES).sort());
});
