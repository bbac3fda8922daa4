// Markdown names only paths and commands that exist: links and `code` that look like paths of this repository, and `pnpm <script>`.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packages } from "./workspace.mjs";

/** Another repository than this may be given: tests check the check. */
const root = process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url)));
const files = execFileSync("git", ["ls-files", "*.md", ".changeset/*.md"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter(Boolean);
const scripts = new Set(Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts));
const byName = new Map(packages(root).map(({ name, manifest }) => [name, manifest]));
const byFolder = new Map(packages(root).map(({ folder, manifest }) => [folder, manifest]));
/** What our packages bring. */
const programs = new Set([...byName.values()].flatMap(({ bin }) => Object.keys(bin ?? {})));
/** pnpm's own commands that our texts use. */
const PNPM = new Set(["install", "exec", "publish", "pack", "add", "dlx"]);
const problems = [];

for (const file of files) {
  const folder = dirname(join(root, file));
  const text = readFileSync(join(root, file), "utf8");
  /** Commands of the folder's own package can be named as they are called there. */
  const own = byFolder.get(dirname(file))?.scripts ?? {};
  const complain = (what) => problems.push(`${file}: ${what}`);
  for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
    if (!/^[a-z]+:/.test(target) && !existsSync(join(folder, target)))
      complain(`link to ${target}, which does not exist`);
  }
  // Paths of the repository, and of the folder that the text lies in. One with a placeholder (<name>) is a recipe, not a path.
  for (const [, code] of text.matchAll(/`((?:packages|scripts|types|\.github|\.changeset|\.ci)\/[\w./-]*)`/g)) {
    if (!existsSync(join(root, code)) && !existsSync(join(folder, code)))
      complain(`names ${code}, which does not exist`);
  }
  for (const [, code] of text.matchAll(/`((?:src|test|bench|examples|progs)\/[\w./-]*)`/g)) {
    if (!existsSync(join(folder, code))) complain(`names ${code}, which does not exist in its folder`);
  }
  for (const [, script] of text.matchAll(/\bnode ([\w./-]+\.(?:mjs|js|ts))\b/g)) {
    if (!existsSync(join(folder, script)) && !existsSync(join(root, script)))
      complain(`runs ${script}, which does not exist`);
  }
  for (const [, program] of text.matchAll(/\bnpx (?:-y )?(?!pnpm@10)([a-z][\w-]*)/g)) {
    if (!programs.has(program) && !existsSync(join(root, "node_modules/.bin", program)))
      complain(`runs npx ${program}, which nothing here brings`);
  }
  for (const [, filter, script] of text.matchAll(/pnpm(?:@10)? (?:--filter ([@\w/-]+) )?(?:run )?([a-z][\w:-]*)/g)) {
    const known =
      filter === undefined
        ? scripts.has(script) || script in own || PNPM.has(script)
        : script in (byName.get(filter)?.scripts ?? {});
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
