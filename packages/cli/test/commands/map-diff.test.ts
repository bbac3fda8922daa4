import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { MAP_DIFF_USAGE, mapDiff } from "../../src/commands/map-diff.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const prog = (name: string): string => join(ROOT, `packages/selftests/progs/${name}.o`);
const OLD = prog("bpf_map_trace_real_world_old");
const NEW = prog("bpf_map_trace_real_world_new");

const folder = mkdtempSync(join(tmpdir(), "bpf-ts-map-diff-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ["", ""];
  const code = await mapDiff(args, {
    readFile: (path) => readFileSync(path),
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  return { code, stdout, stderr };
}

test("the RFC's upgrade", async () => {
  expect(await run(OLD, NEW)).toEqual({
    code: 1,
    stdout: `filtered_pids: reusable
allow_writes: migratable
  reusable   renamed key: struct allow_key__old at 0, 8 bytes -> struct allow_key__new at 0, 8 bytes (struct allow_key__old is now called allow_key__new)
  migratable moved   key.pid: __u32 at 0, 4 bytes -> __u32 at 4, 4 bytes (from offset 0 to 4)
  migratable moved   key.fd: __s32 at 4, 4 bytes -> __s32 at 0, 4 bytes (from offset 4 to 0)
migratable: 1 reusable, 1 migratable, 0 breaking, 0 removed, 0 new
`,
    stderr: "",
  });
});

test("the same object twice", async () => {
  expect(await run(OLD, OLD)).toEqual({
    code: 0,
    stdout:
      "filtered_pids: reusable\nallow_writes: reusable\nreusable: 2 reusable, 0 migratable, 0 breaking, 0 removed, 0 new\n",
    stderr: "",
  });
});

test("bitfields, warnings, maps that came and went", async () => {
  const { code, stdout } = await run(prog("compat_old"), prog("compat_new"));
  expect(code).toBe(1);
  const lines = stdout.split("\n");
  expect(lines).toContain(
    "  migratable moved   value.mark: __u32 at 20 bit 4, 8 bits -> __u32 at 28 bit 6, 8 bits (from offset 20 bit 4 to 28 bit 6)",
  );
  expect(lines).toContain("  warning: value.comm: elements from 8 on have no place");
  expect(lines).toContain("  migratable changed max_entries: 64 -> 16 (a map's capacity is fixed when it is created)");
  expect(lines.slice(-6)).toEqual([
    "only_old: breaking",
    "  removed: its entries have nowhere to go",
    "only_new: new, starts empty",
    ".rodata: constants, not compared",
    "breaking: 1 reusable, 3 migratable, 3 breaking, 1 removed, 1 new",
    "",
  ]);
});

describe("--json", () => {
  test("says everything, with every member there", async () => {
    const { code, stdout, stderr } = await run("--json", OLD, NEW);
    expect([code, stderr]).toEqual([1, ""]);
    const at = (offset: number, size: number, type: string) => ({ offset, size, type, bitOffset: null, bitSize: null });
    expect(JSON.parse(stdout)).toEqual({
      old: OLD,
      new: NEW,
      verdict: "migratable",
      maps: [
        { name: "filtered_pids", verdict: "reusable", differences: [], warnings: [] },
        {
          name: "allow_writes",
          verdict: "migratable",
          differences: [
            {
              path: "key",
              kind: "renamed",
              effect: "reusable",
              old: at(0, 8, "struct allow_key__old"),
              new: at(0, 8, "struct allow_key__new"),
              reason: "struct allow_key__old is now called allow_key__new",
            },
            {
              path: "key.pid",
              kind: "moved",
              effect: "migratable",
              old: at(0, 4, "__u32"),
              new: at(4, 4, "__u32"),
              reason: "from offset 0 to 4",
            },
            {
              path: "key.fd",
              kind: "moved",
              effect: "migratable",
              old: at(4, 4, "__s32"),
              new: at(0, 4, "__s32"),
              reason: "from offset 4 to 0",
            },
          ],
          warnings: [],
        },
      ],
      added: [],
      removed: [],
      constants: [],
    });
  });

  test("null for what is not there", async () => {
    const { stdout } = await run("-j", prog("compat_old"), prog("compat_new"));
    expect(stdout).toContain('"old": null,');
    expect(stdout).toContain('"bitOffset": 4,\n            "bitSize": 8\n');
  });
});

describe("usage and broken input", () => {
  test("help", async () => {
    expect(await run("--help")).toEqual({ code: 0, stdout: MAP_DIFF_USAGE, stderr: "" });
  });

  test.each([
    ["no file", [], "0 files, needs 2: OLD.o and NEW.o"],
    ["one file", [OLD], "1 files, needs 2: OLD.o and NEW.o"],
    ["three files", [OLD, NEW, NEW], "3 files, needs 2: OLD.o and NEW.o"],
    ["an unknown option", ["--yaml", OLD, NEW], "Unknown option '--yaml'"],
    ["a file that is not there", [OLD, join(folder, "none.o")], "ENOENT: no such file or directory"],
    ["a folder", [OLD, folder], "EISDIR: illegal operation on a directory"],
  ])("%s", async (_, args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.startsWith(`bpf-ts map diff: ${message}`), stderr).toBe(true);
  });

  test("half a file, and one for other machines", async () => {
    const file = join(folder, "half.o");
    writeFileSync(file, readFileSync(OLD).subarray(0, 1000));
    const half = await run(OLD, file);
    expect([half.code, half.stdout]).toEqual([2, ""]);
    expect(half.stderr.startsWith(`bpf-ts map diff: ${file}: `), half.stderr).toBe(true);

    const bigEndian = Buffer.from(readFileSync(OLD));
    bigEndian[5] = 2;
    writeFileSync(file, bigEndian);
    const other = await run(OLD, file);
    expect([other.code, other.stdout]).toEqual([3, ""]);
    expect(other.stderr).toContain("unsupported: ");
  });
});

test("from the command line", async () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["scripts/run-ts.mjs", "packages/cli/src/main.ts", "map", "diff", "--json", OLD, NEW],
    { cwd: ROOT, encoding: "utf8" },
  );
  expect([status, stderr]).toEqual([1, ""]);
  expect(JSON.parse(stdout)).toMatchObject({ verdict: "migratable" });
});
