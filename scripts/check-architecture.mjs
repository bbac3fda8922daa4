// ARCHITECTURE.md's table of packages against the package.json files: every package has a row, and its dependencies are those listed.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packages } from "./workspace.mjs";

/** Another repository than this may be given: tests check the check. */
const root = process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url)));
const rows = new Map();
for (const line of readFileSync(join(root, "ARCHITECTURE.md"), "utf8").split("\n")) {
  const cells = line.split("|").map((cell) => cell.trim());
  // | floor | `package` | owns | does not own | depends on |
  const name = /^`([^`]+)`$/.exec(cells[2] ?? "")?.[1];
  if (cells.length < 7 || name === undefined) continue;
  rows.set(name, new Set([...(cells[5] ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1])));
}

const problems = [];
const all = packages(root);
const names = new Set(all.map(({ name }) => name));
for (const { name, manifest } of all) {
  const listed = rows.get(name);
  if (listed === undefined) {
    problems.push(`${name} has no row in ARCHITECTURE.md`);
    continue;
  }
  const real = new Set(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }));
  for (const dependency of real)
    if (!listed.has(dependency)) problems.push(`${name} depends on ${dependency}, its row does not say so`);
  for (const dependency of listed)
    if (!real.has(dependency)) problems.push(`${name}'s row lists ${dependency}, its package.json does not`);
}
for (const name of rows.keys())
  if (!names.has(name)) problems.push(`ARCHITECTURE.md has a row for ${name}, which does not exist`);
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
