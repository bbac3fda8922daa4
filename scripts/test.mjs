// The test command of the README: builds, checks types, runs every package's tests in one go. The last line counts them.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const vitest = join(dirname(require.resolve("vitest/package.json")), "vitest.mjs");
const turbo = join(dirname(require.resolve("turbo/package.json")), "bin", "turbo");
run(process.execPath, [turbo, "run", "build", "typecheck", "--output-logs=errors-only", "--no-update-notifier"]);
run(process.execPath, [vitest, "run", ...process.argv.slice(2)]);
