/// <reference types="node" />
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url));
const script = fileURLToPath(new URL("../scripts/build-fixtures.mjs", import.meta.url));

test("the committed sections are what the compiler makes of the C beside them", (context) => {
  const { status, stdout } = spawnSync("clang-19", ["--version"], { encoding: "utf8" });
  if (status !== 0) context.skip("no clang-19");
  const made = readFileSync(join(fixtures, "kinds.ts"), "utf8").split("\n")[1]!.slice("// ".length);
  const compiler = stdout.split("\n")[0];
  if (compiler !== made) context.skip(`made by ${made}, this is ${compiler}`);
  const folder = mkdtempSync(join(tmpdir(), "btf-rebuilt-"));
  try {
    execFileSync(process.execPath, [script, folder]);
    const names = readdirSync(folder).sort();
    expect(names).toEqual([
      "core-kernel-a.ts",
      "core-kernel-b.ts",
      "core.ts",
      "kinds-big-endian.ts",
      "kinds.ts",
      "layout-big-endian.ts",
      "layout.ts",
    ]);
    for (const name of names)
      expect(readFileSync(join(folder, name), "utf8"), name).toBe(readFileSync(join(fixtures, name), "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
