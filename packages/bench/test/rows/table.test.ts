import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BpfError } from "@bpf-ts/uapi";
import { describe, expect, test } from "vitest";
import { bench } from "../../src/command.ts";
import type { Side } from "../../src/frame/row.ts";
import { Unavailable } from "../../src/frame/unavailable.ts";
import { ROWS } from "../../src/rows/table.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

function runOnce(side: Side): void {
  try {
    expect(side.units ?? 1).toBeGreaterThan(0);
    // Some take seconds, and have run when they were opened.
    if (side.hasRun === true) return;
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
      runOnce(row.ours());
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

/** A command line that measures nothing. */
function called(args: string[]): { code: number; out: string[]; err: string[] } {
  const [out, err]: [string[], string[]] = [[], []];
  const cold = (): never => {
    throw new Error("nothing is to be measured");
  };
  const code = bench(args, { out: (line) => out.push(line), err: (line) => err.push(line), progress: () => {}, cold });
  return { code, out, err };
}

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

  test.each([
    [["--fast"], "Unknown option '--fast'"],
    [["--rounds", "0"], "--rounds: expected a number from 1, got 0"],
  ])("answers %j with its usage and exit code 2", (args, message) => {
    const { code, out, err } = called(args);
    expect([code, out]).toEqual([2, []]);
    expect(err.join("\n")).toContain(message);
    expect(err.join("\n")).toContain("usage: pnpm bench");
  });

  test("lists rows, also for want of one", () => {
    expect(called(["--list", "--filter", "isa: d"])).toEqual({
      code: 0,
      out: ["isa: decode", "isa: decode 100,000 at once"],
      err: [],
    });
    const none = called(["--filter", "no such row"]);
    expect([none.code, none.out.length]).toEqual([2, ROWS.length]);
  });
});
