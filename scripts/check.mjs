// `pnpm check`: everything about the repository that is not a test. Each check runs to its end; the names of those that failed come last.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { publicPackages } from "./workspace.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name) => join(root, "node_modules", ".bin", name);
const node = process.execPath;

/** [name, command, arguments, folder] */
const checks = [
  ["build", bin("turbo"), ["run", "build", "--output-logs=errors-only", "--no-update-notifier"]],
  ["format and lint", bin("biome"), ["check", "."]],
  ["types", bin("turbo"), ["run", "typecheck", "--output-logs=errors-only", "--no-update-notifier"]],
  ["package floors", bin("depcruise"), ["--config", "scripts/dependency-cruiser.cjs", "packages"]],
  ["architecture", node, ["scripts/check-architecture.mjs"]],
  ["unused code and dependencies", bin("knip"), ["--no-progress"]],
  ["Markdown", node, ["scripts/check-markdown.mjs"]],
  ...publicPackages(root).flatMap(({ name, folder }) => [
    [`publint ${name}`, bin("publint"), ["run", "--strict", "."], folder],
    [`attw ${name}`, bin("attw"), ["--pack", ".", "--profile", "esm-only", "--format", "ascii", "--no-emoji"], folder],
  ]),
];

const failed = [];
for (const [name, command, args, folder] of checks) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: folder === undefined ? root : join(root, folder),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, FORCE_COLOR: "0", npm_config_loglevel: "error" },
  });
  const ok = error === undefined && status === 0;
  console.log(`${ok ? "ok" : "FAILED"}  ${name}`);
  if (!ok) {
    console.log(`${error ?? ""}${stdout}${stderr}`);
    failed.push(name);
  }
}
if (failed.length > 0) {
  console.log(`${failed.length} of ${checks.length} checks failed: ${failed.join(", ")}`);
  process.exit(1);
}
console.log(`all ${checks.length} checks passed`);
