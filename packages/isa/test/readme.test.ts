/// <reference types="node" />
import { readFileSync } from "node:fs";
import { expect, it, vi } from "vitest";

it("the README's example is the one in examples/, and runs", async () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const block = /^```ts\n([\s\S]*?)^```$/m.exec(readme)?.[1];
  expect(block).toBe(readFileSync(new URL("../examples/readme.ts", import.meta.url), "utf8"));
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import("../examples/readme.ts");
  const lines = log.mock.calls.map((args) =>
    args.map((arg) => (Array.isArray(arg) ? `[ ${arg.join(", ")} ]` : `${arg}`)).join(" "),
  );
  log.mockRestore();
  // What it says it prints, it prints.
  const comments = [...block!.matchAll(/(?:^|; )\/\/ (\d: .*|\[ 3, 4 \]|base32|undefined|shift by 64)/gm)].map(
    (found) => found[1],
  );
  expect(lines).toEqual(comments);
});
