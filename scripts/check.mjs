// `pnpm check`: everything about the repository that is not a test. Each check runs to its end; the names of those that failed come last.
// `pnpm check NAME …` runs those alone whose names start so.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packAll, publicPackages } from "./workspace.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = process.execPath;
const windows = process.platform === "win32";
const bin = (name) => join(root, "node_modules", ".bin", windows ? `${name}.cmd` : name);
/** Goes on after a failure: one run names what is wrong in every package that does not stand on a broken one. */
const turbo = (task) => [
  bin("turbo"),
  "run",
  task,
  "--continue=dependencies-successful",
  "--output-logs=errors-only",
  "--no-update-notifier",
];

const tarballs = mkdtempSync(join(tmpdir(), "bpf-ts-check-"));
process.on("exit", () => rmSync(tarballs, { recursive: true, force: true }));

/** [name, command with its arguments]. What runs first makes what the others look at. */
const first = [["build", turbo("build")]];
const others = [
  ["types", turbo("typecheck")],
  ["types of the workspace's own files", [bin("tsc"), "-p", "tsconfig.json"]],
  ["format and lint", [bin("biome"), "check", "--error-on-warnings", "."]],
  ["package floors", [bin("depcruise"), "--config", "scripts/dependency-cruiser.cjs", "packages"]],
  ["architecture", [node, "scripts/check-architecture.mjs"]],
  ["unused code and dependencies", [bin("knip"), "--no-progress"]],
  ["Markdown", [node, "scripts/check-markdown.mjs"]],
];
const wanted = process.argv.slice(2);
const isWanted = ([name]) => wanted.length === 0 || wanted.some((start) => name.startsWith(start));

const failed = [];
let count = 0;

async function check([name, [command, ...args]]) {
  const output = [];
  const start = performance.now();
  const code = await new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, FORCE_COLOR: "0", npm_config_loglevel: "error" },
      shell: windows && command !== node,
    });
    child.stdout.on("data", (data) => output.push(data));
    child.stderr.on("data", (data) => output.push(data));
    child.on("error", (error) => {
      output.push(Buffer.from(`${error}\n`));
      resolve(1);
    });
    child.on("close", resolve);
  });
  count++;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${code === 0 ? "ok" : "FAILED"}  ${name} (${seconds} s)`);
  if (code === 0) return;
  console.log(Buffer.concat(output).toString());
  failed.push(name);
}

async function checkAll(checks) {
  const queue = checks.filter(isWanted);
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await check(next);
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));
}

await checkAll(first);
let packed = {};
try {
  packed = packAll(root, tarballs);
} catch (error) {
  count++;
  failed.push("packing");
  console.log(`FAILED  packing\n${error}`);
}
await checkAll([
  ...others,
  ...publicPackages(root)
    .filter(({ name }) => name in packed)
    .flatMap(({ name }) => [
      [`publint ${name}`, [bin("publint"), "run", packed[name], "--strict"]],
      [`attw ${name}`, [bin("attw"), packed[name], "--profile", "esm-only", "--format", "ascii", "--no-emoji"]],
    ]),
]);

if (failed.length > 0) {
  console.log(`${failed.length} of ${count} checks failed: ${failed.join(", ")}`);
  process.exit(1);
}
console.log(`all ${count} checks passed`);
