import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Package, packAll, pnpmCommand, publicPackages } from "../../../../scripts/workspace.mjs";
import { ROOT } from "./root.ts";

/** A project outside of the workspace that has every published package installed from its tarball. */
export interface Consumer {
  readonly folder: string;
  readonly packages: readonly Package[];
  /** Every public entry point, as it is imported. */
  readonly entries: readonly string[];
}

/** Runs a program, answers its standard output. @throws Error with all that it printed, if it fails. */
export function run(cwd: string, command: string, ...args: readonly string[]): string {
  // The workspace's own settings, which npm and pnpm hand down, are none of a consumer's.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    shell: process.platform === "win32" && command !== process.execPath,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

/** Builds and packs every package and installs the tarballs, those of third parties as they are installed here: no network is needed. */
export function makeConsumer(): Consumer {
  const [pnpm, ...args] = pnpmCommand();
  run(ROOT, pnpm, ...args, "run", "build");
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "bpf-ts-consumer-")));
  const tarballs = join(folder, "tarballs");
  mkdirSync(tarballs);
  const packages = publicPackages(ROOT);
  const ours = packAll(ROOT, tarballs);
  const theirs = packThirdParties(packages, tarballs);

  const files = Object.fromEntries(
    Object.entries({ ...ours, ...theirs }).map(([name, file]) => [name, `file:${file}`]),
  );
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({
      name: "consumer",
      private: true,
      type: "module",
      dependencies: files,
      overrides: theirsOf(theirs),
    }),
  );
  run(folder, "npm", "install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts");
  return { folder, packages, entries: packages.flatMap(entriesOf) };
}

function theirsOf(tarballs: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.keys(tarballs).map((name) => [name, `$${name}`]));
}

function packThirdParties(packages: readonly Package[], destination: string): Record<string, string> {
  const tarballs: Record<string, string> = {};
  const names = new Set(packages.map(({ name }) => name));
  const pack = (name: string, from: string): void => {
    if (names.has(name) || name in tarballs) return;
    const folder = realpathSync(join(from, "node_modules", name));
    const before = new Set(readdirSync(destination));
    run(ROOT, "npm", "pack", folder, "--ignore-scripts", "--pack-destination", destination);
    tarballs[name] = join(destination, readdirSync(destination).find((file) => !before.has(file))!);
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Package["manifest"];
    for (const dependency of Object.keys(dependencies)) pack(dependency, folder);
  };
  for (const { folder, manifest } of packages)
    for (const name of Object.keys(manifest.dependencies ?? {})) pack(name, join(ROOT, folder));
  return tarballs;
}

/** Entry points of a package but for its package.json and what its command starts, which would run it. */
function entriesOf({ name, manifest }: Package): string[] {
  return Object.entries(manifest.exports ?? {})
    .filter(([subpath, target]) => typeof target !== "string" && subpath !== "./main")
    .map(([subpath]) => name + subpath.slice(1));
}
