// The test command of the README: builds, checks types, runs every package's tests in one go. The last line counts the tests: N passed, N failed, N skipped.
// Arguments go to vitest.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const vitest = join(dirname(require.resolve("vitest/package.json")), "vitest.mjs");
const turbo = join(dirname(require.resolve("turbo/package.json")), "bin", "turbo");
const folder = mkdtempSync(join(tmpdir(), "bpf-ts-test-"));
const countsFile = join(folder, "counts.json");

function run(args, env = {}) {
  const { status, error } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (error) throw error;
  return status ?? 1;
}

/** A part of the command that failed without any test that did. */
const failures = [];
for (const task of ["build", "typecheck"]) {
  if (run([turbo, "run", task, "--output-logs=errors-only", "--no-update-notifier"]) !== 0) failures.push(task);
}
let counts = { passed: 0, failed: 0, skipped: 0, notes: [] };
const status = run([vitest, "run", ...process.argv.slice(2)], { BPF_TS_COUNTS: countsFile });
try {
  counts = JSON.parse(readFileSync(countsFile, "utf8"));
} catch {
  failures.push("vitest (it ended without a result)");
}
rmSync(folder, { recursive: true, force: true });
if (status !== 0 && counts.failed === 0 && failures.length === 0) failures.push(`vitest (exit code ${status})`);

for (const note of counts.notes) console.log(note);
for (const failure of failures) console.log(`failed: ${failure}`);
const failed = counts.failed + failures.length;
console.log(`${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
