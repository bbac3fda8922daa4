// The packages of this workspace, as their package.json files say, and how to run pnpm on them.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Every package: { name, folder, manifest }. */
export function packages(root) {
  return readdirSync(join(root, "packages"))
    .map((entry) => {
      const folder = join("packages", entry);
      return { folder, manifest: JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) };
    })
    .map(({ folder, manifest }) => ({ name: manifest.name, folder, manifest }));
}

/** Those that are published. */
export function publicPackages(root) {
  return packages(root).filter(({ manifest }) => manifest.private !== true);
}

/** [command, ...arguments] of the pnpm that runs this script; where none does, the one that npx finds. */
export function pnpmCommand() {
  const running = process.env.npm_execpath ?? "";
  return /pnpm\.c?js$/.test(running) ? [process.execPath, running] : ["npx", "-y", "pnpm@10"];
}

/** Packs every published package into `destination`, as a release would. The packages must be built. Answers { name → tarball's path }. */
export function packAll(root, destination) {
  const [command, ...args] = pnpmCommand();
  const filters = publicPackages(root).flatMap(({ name }) => ["--filter", name]);
  const { status, stdout, stderr, error } = spawnSync(
    command,
    [...args, "--recursive", ...filters, "pack", "--json", "--pack-destination", destination],
    { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 },
  );
  if (error) throw error;
  if (status !== 0) throw new Error(`pnpm pack failed:\n${stdout}${stderr}`);
  return Object.fromEntries(JSON.parse(stdout).map(({ name, filename }) => [name, filename]));
}
