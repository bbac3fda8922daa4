import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BpfError } from "@bpf-ts/uapi";
import { describe, expect, test } from "vitest";
import type { Side } from "../../src/frame/row.ts";
import { Unavailable } from "../../src/frame/unavailable.ts";
import { ROWS } from "../../src/rows/table.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

function runOnce(side: Side): void {
  try {
    expect(side.units ?? 1).toBeGreaterThan(0);
    if (side.time === undefined) side.run(1);
    else expect(side.time(1)).toBeGreaterThanOrEqual(0);
  } finally {
    side.close?.();
  }
}

describe("every row", () => {
  test("has a name of its own", () => {
    expect(new Set(ROWS.map(({ name }) => name)).size).toBe(ROWS.length);
  });

  test.each(ROWS)("$name: both sides open, run and close", (row) => {
    try {
      const ours = row.ours();
      // Opening has run it once, to count; a second time takes seconds.
      if (row.name === "btf: deduplicate") expect(ours.units).toBeGreaterThan(100_000);
      else runOnce(ours);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      console.log(`not measured here: ${row.name}: ${error.message}`);
    }
    if (row.peer === undefined) return;
    let peer: Side;
    try {
      peer = row.peer.open();
    } catch (error) {
      // No right to call bpf(2), no koffi, no libbpf: anything else is a defect of the row.
      const isExpected = error instanceof BpfError || /koffi|libbpf/.test(String(error));
      if (!isExpected) throw error;
      console.log(`not compared here: ${row.name}: ${String(error)}`);
      return;
    }
    runOnce(peer);
  });
});

describe("the command", () => {
  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [join(ROOT, "scripts/run-ts.mjs"), "packages/bench/src/main.ts", ...args], {
      cwd: ROOT,
      encoding: "utf8",
      env: { ...process.env, INIT_CWD: undefined },
    });

  test("prints a table and writes the same as JSON", () => {
    const folder = mkdtempSync(join(tmpdir(), "bpf-ts-bench-"));
    try {
      const file = join(folder, "out.json");
      const { status, stdout, stderr } = run("--quick", "--filter", "isa: encode", "--json", file);
      expect(stderr).toBe("");
      expect(status).toBe(0);
      const lines = stdout.trimEnd().split("\n");
      expect(lines).toHaveLength(2);
      expect(lines[1]).toMatch(/^isa: encode +[\d.]+ ns +± \d+ % +per instruction$/);
      const { results } = JSON.parse(readFileSync(file, "utf8")) as {
        results: { name: string; rounds: number; ours: { median: number } }[];
      };
      expect(results.map(({ name, rounds }) => [name, rounds])).toEqual([["isa: encode", 3]]);
      expect(results[0]!.ours.median).toBeGreaterThan(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("answers wrong arguments with exit code 2", () => {
    const unknown = run("--fast");
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).toContain("usage: pnpm bench");
    expect(run("--filter", "no such row").status).toBe(2);
  });
});
