// Markdown names only paths and commands that exist: links and `code` that look like paths of this repository, and `pnpm <script>`.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packages } from "./workspace.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const files = execFileSync("git", ["ls-files", "*.md", ".changeset/*.md"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter(Boolean);
const scripts = new Set(Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts));
const byName = new Map(packages(root).map(({ name, manifest }) => [name, manifest]));
/** pnpm's own commands that our texts use. */
const PNPM = new Set(["install", "exec", "publish", "pack", "add", "dlx"]);
const problems = [];

for (const file of files) {
  const folder = dirname(join(root, file));
  const text = readFileSync(join(root, file), "utf8");
  const complain = (what) => problems.push(`${file}: ${what}`);
  for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
    if (!/^[a-z]+:/.test(target) && !existsSync(join(folder, target)))
      complain(`link to ${target}, which does not exist`);
  }
  for (const [, code] of text.matchAll(/`((?:packages|scripts|types|\.github|\.changeset|\.ci)\/[\w./-]*)`/g)) {
    // A path with a placeholder is a recipe, not a path.
    if (!existsSync(join(root, code))) complain(`names ${code}, which does not exist`);
  }
  for (const [, filter, script] of text.matchAll(/pnpm(?:@10)? (?:--filter ([@\w/-]+) )?(?:run )?([a-z][\w:-]*)/g)) {
    const known =
      filter === undefined ? scripts.has(script) || PNPM.has(script) : script in (byName.get(filter)?.scripts ?? {});
    if (!known)
      complain(
        `names the command pnpm ${filter === undefined ? "" : `--filter ${filter} `}${script}, which does not exist`,
      );
  }
}
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
