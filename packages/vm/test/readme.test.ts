/// <reference types="node" />
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";

test("the README's example runs, and prints what it says", async () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const example = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const file = fileURLToPath(new URL(`readme-example-${process.pid}.ts`, import.meta.url));
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...values: unknown[]) => {
    lines.push(values.map((value) => (typeof value === "bigint" ? `${value}n` : String(value))).join(" "));
  });
  try {
    writeFileSync(file, example);
    await import(/* @vite-ignore */ file);
  } finally {
    log.mockRestore();
    rmSync(file, { force: true });
  }
  expect(lines).toEqual([
    "42n",
    "1 call bpf_get_prandom_u32#7",
    "2 r1 = *(u32 *)(r6 +4)",
    "3 r0 += r1",
    "4 exit",
    "read of 4 bytes at 0x14 (insn 2: r1 = *(u32 *)(r6 +4)): not mapped",
  ]);
  for (const line of [lines[0]!, lines[5]!]) expect(example).toContain(`// ${line}`);
});
