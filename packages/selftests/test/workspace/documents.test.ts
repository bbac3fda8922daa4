import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { run } from "./consumer.ts";
import { ROOT } from "./root.ts";

let folder = "";
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a check says about a repository of these files: its lines, and whether it passed. */
function check(script: string, files: Record<string, string>): { lines: string[]; passed: boolean } {
  folder = mkdtempSync(join(tmpdir(), "bpf-ts-documents-"));
  const one = {
    name: "@bpf-ts/one",
    dependencies: { other: "1.0.0" },
    bin: { one: "dist/main.js" },
    scripts: { test: "x" },
  };
  const all = {
    "package.json": JSON.stringify({ scripts: { demo: "x", test: "x" } }),
    "packages/one/package.json": JSON.stringify(one),
    "packages/one/src/table.ts": "",
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  run(folder, "git", "init", "-q");
  run(folder, "git", "add", "-A");
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, "scripts", script), folder], {
    encoding: "utf8",
  });
  return { lines: `${stdout}${stderr}`.trimEnd().split("\n"), passed: status === 0 };
}

describe("Markdown", () => {
  it("may name what exists", () => {
    const text =
      "[one](packages/one/package.json) `packages/one/src/table.ts` `packages/<name>/x.ts` pnpm demo, npx -y pnpm@10 test, npx one";
    const result = check("check-markdown.mjs", {
      "README.md": text,
      "packages/one/README.md": "`src/table.ts` [up](../../README.md#try)",
    });
    expect(result).toEqual({ lines: [""], passed: true });
  });

  it("may not name what does not", () => {
    const text =
      "[a](gone.md) `packages/two/src` `scripts/no.mjs` node scripts/run.mjs, pnpm fly, npx -y pnpm@10 swim, npx two";
    const { lines, passed } = check("check-markdown.mjs", {
      "README.md": text,
      "packages/one/README.md": "`src/gone.ts` pnpm --filter @bpf-ts/one fly",
    });
    expect(passed).toBe(false);
    expect(lines.sort()).toEqual([
      "README.md: link to gone.md, which does not exist",
      "README.md: names packages/two/src, which does not exist",
      "README.md: names scripts/no.mjs, which does not exist",
      "README.md: names the command pnpm fly, which does not exist",
      "README.md: names the command pnpm swim, which does not exist",
      "README.md: runs npx two, which nothing here brings",
      "README.md: runs scripts/run.mjs, which does not exist",
      "packages/one/README.md: names src/gone.ts, which does not exist in its folder",
      "packages/one/README.md: names the command pnpm --filter @bpf-ts/one fly, which does not exist",
    ]);
  });
});

describe("ARCHITECTURE.md's table", () => {
  it("agrees with the manifests", () => {
    const table = "| 0 | `@bpf-ts/one` | this | that | `other` |";
    expect(check("check-architecture.mjs", { "ARCHITECTURE.md": table })).toEqual({ lines: [""], passed: true });
  });

  it("names every package and every dependency, and no other", () => {
    const table = "| 0 | `@bpf-ts/one` | this | that | `third` |\n| 1 | `@bpf-ts/gone` | this | that | |";
    const manifest = JSON.stringify({ name: "@bpf-ts/two" });
    const { lines, passed } = check("check-architecture.mjs", {
      "ARCHITECTURE.md": table,
      "packages/two/package.json": manifest,
    });
    expect(passed).toBe(false);
    expect(lines.sort()).toEqual([
      "@bpf-ts/one depends on other, its row does not say so",
      "@bpf-ts/one's row lists third, its package.json does not",
      "@bpf-ts/two has no row in ARCHITECTURE.md",
      "ARCHITECTURE.md has a row for @bpf-ts/gone, which does not exist",
    ]);
  });
});
