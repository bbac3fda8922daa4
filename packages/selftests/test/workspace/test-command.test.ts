import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CACHE, ROOT } from "./root.ts";

/** Files of a project whose tests end in each way there is; the name of a file is what becomes of it. */
const FILES = {
  "passes.test.ts": `it("passes", () => {}); it("passes too", () => {});`,
  "skips.test.ts": `
    it("by context", (context) => context.skip("no compiler"));
    describe.skipIf(true)("a suite (skipped: no kernel here)", () => { it("one", () => {}); it("two", () => {}); });
    it.skip("a test (skipped: no root)", () => {});`,
  "skips-silently.test.ts": `it.skip("says nothing", () => {}); it.todo("is to come"); it("notes nothing", (context) => context.skip());`,
  "fails.test.ts": `it("fails", () => { throw new Error("it failed"); });`,
  "does-not-load.test.ts": `import "./missing.ts"; it("never seen", () => {});`,
  "teardown-fails.test.ts": `afterAll(() => { throw new Error("left alive"); }); it("passes", () => {});`,
  "setup-fails.test.ts": `describe("s", () => { beforeAll(() => { throw new Error("no"); }); it("one", () => {}); it("two", () => {}); });`,
  "throws-outside.test.ts": `it("passes", () => { setTimeout(() => { throw new Error("late"); }, 0); return new Promise((r) => setTimeout(r, 20)); });`,
};

let folder = "";
beforeAll(() => {
  mkdirSync(CACHE, { recursive: true });
  folder = mkdtempSync(join(CACHE, "test-command-"));
  // Vitest does not look into node_modules unless told.
  writeFileSync(join(folder, "vitest.config.mjs"), "export default { test: { exclude: [] } };\n");
  for (const [name, text] of Object.entries(FILES)) {
    const imports = 'import { afterAll, beforeAll, describe, it } from "vitest";';
    writeFileSync(join(folder, name), `${imports}\nvoid [afterAll, beforeAll, describe];\n${text}`);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(files: readonly string[], args: readonly string[] = []): { status: number | null; lines: string[] } {
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      join(ROOT, "node_modules/vitest/vitest.mjs"),
      "run",
      "--root",
      folder,
      "--reporter=default",
      `--reporter=${join(ROOT, "scripts/count-reporter.ts")}`,
      ...args,
      ...files,
    ],
    { encoding: "utf8", env: { ...process.env, BPF_TS_COUNTS: undefined, NO_COLOR: "1", CI: "true" } },
  );
  return { status, lines: stdout.trimEnd().split("\n") };
}

describe("property tests", () => {
  it("try the same values in every run, unless others are asked for", () => {
    const { BPF_TS_FUZZ_RUNS, BPF_TS_FUZZ_SEED } = process.env;
    const { seed } = fc.readConfigureGlobal();
    if (BPF_TS_FUZZ_SEED !== undefined) expect(seed).toBe(Number(BPF_TS_FUZZ_SEED));
    else expect(seed).toBe(BPF_TS_FUZZ_RUNS === undefined ? 1 : undefined);
  });
});

describe("the counting reporter", () => {
  it("names every skipped test with its reason", () => {
    const { status, lines } = run(["passes.test.ts", "skips.test.ts"]);
    expect(lines.filter((line) => line.startsWith("skipped: "))).toEqual([
      "skipped: skips.test.ts > by context: no compiler",
      "skipped: skips.test.ts > a suite (skipped: no kernel here) > one: no kernel here",
      "skipped: skips.test.ts > a suite (skipped: no kernel here) > two: no kernel here",
      "skipped: skips.test.ts > a test (skipped: no root): no root",
    ]);
    expect(lines.at(-1)).toBe("2 passed, 0 failed, 4 skipped");
    expect(status).toBe(0);
  });

  it("fails for tests that are skipped without one", () => {
    const { status, lines } = run(["skips-silently.test.ts"]);
    expect(lines.at(-1)).toBe("0 passed, 3 failed, 0 skipped");
    expect(status).toBe(1);
  });

  it("fails for a hook that throws after all tests passed", () => {
    const { status, lines } = run(["teardown-fails.test.ts"]);
    expect(lines.at(-1)).toBe("1 passed, 1 failed, 0 skipped");
    expect(status).toBe(1);
  });

  it("counts every way to fail once", () => {
    const { status, lines } = run(Object.keys(FILES));
    expect(lines.filter((line) => line.startsWith("failed: ")).sort()).toEqual([
      "failed: does-not-load.test.ts: outside of its tests",
      "failed: outside of tests: late",
      "failed: setup-fails.test.ts > s > one: not run, because what is around it failed",
      "failed: setup-fails.test.ts > s > two: not run, because what is around it failed",
      "failed: skips-silently.test.ts > is to come: skipped without a reason",
      "failed: skips-silently.test.ts > notes nothing: skipped without a reason",
      "failed: skips-silently.test.ts > says nothing: skipped without a reason",
      "failed: teardown-fails.test.ts: outside of its tests",
    ]);
    expect(lines.at(-1)).toBe("4 passed, 9 failed, 4 skipped");
    expect(status).toBe(1);
  });

  it("does not count what -t leaves out", () => {
    expect(run(["passes.test.ts"], ["-t", "too"]).lines.at(-1)).toBe("1 passed, 0 failed, 0 skipped");
  });
});
