/// <reference types="node" />
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadRows } from "../../src/oracle/kernel.ts";

const packageDir = fileURLToPath(new URL("../..", import.meta.url));
const RUNS = process.env["BPF_TS_FUZZ_RUNS"] ?? "2000";
const SEED = process.env["BPF_TS_FUZZ_SEED"] ?? "1";

/** Why changed programs cannot be compared with the running kernel, undefined if they can. */
function unavailable(): string | undefined {
  const dir = process.env["BPF_TS_CORPUS"] ?? "";
  if (dir === "") return "BPF_TS_CORPUS is not set";
  const release = spawnSync("uname", ["-r"], { encoding: "utf8" }).stdout ?? "";
  if (!release.startsWith("6.18")) return `the running kernel is ${release.trim()}, not 6.18`;
  const load = {
    prog_type: 1,
    expected_attach_type: 0,
    prog_flags: 0,
    prog_name: "trivial",
    license: "GPL",
    insns: "b7000000000000009500000000000000",
    insn_cnt: 2,
    map_refs: [],
  };
  try {
    const [answer] = loadRows(packageDir, `${dir}/btf`, [{ load, maps: [], log_level: 1 }]);
    if (answer === undefined || "error" in answer || answer.errno !== 0) return `bpf(2): ${JSON.stringify(answer)}`;
  } catch (e) {
    return `python3 or bpf(2) is missing: ${(e as Error).message.split("\n")[0]}`;
  }
  return undefined;
}

const skipped = unavailable();
/** Says why, where these tests cannot run. */
const title = `changed programs${skipped === undefined ? "" : ` (skipped: ${skipped})`}`;

describe.skipIf(skipped !== undefined)(title, () => {
  it("get the running kernel's verdicts, messages and logs", { timeout: 300_000 }, () => {
    const args = ["scripts/mutate.mjs", "--runs", RUNS, "--seed", SEED, "--logs"];
    const result = spawnSync(process.execPath, args, { cwd: packageDir, encoding: "utf8", maxBuffer: 1 << 28 });
    expect(result.status, result.stdout + result.stderr).toBe(0);
    const judged = /corpus: (\d+) programs/.exec(result.stdout)?.[1];
    expect(Number(judged), result.stdout).toBeGreaterThan(Number(RUNS) / 2);
  });
});
