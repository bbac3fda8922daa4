import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Manifest, packAll, packages, pnpmCommand, publicPackages } from "../../../../scripts/workspace.mjs";
import { run } from "./consumer.ts";
import { ROOT } from "./root.ts";

const PUBLIC = publicPackages(ROOT);
const NAMES = PUBLIC.map(({ name }) => name);

let copy = "";
let registry: Server;
beforeAll(async () => {
  copy = realpathSync(mkdtempSync(join(tmpdir(), "bpf-ts-release-")));
  const isCopied = (from: string): boolean => !["node_modules", ".turbo", ".cache", ".git"].includes(basename(from));
  for (const entry of ["package.json", "pnpm-workspace.yaml", "pnpm-lock.yaml", ".changeset", "packages"])
    cpSync(join(ROOT, entry), join(copy, entry), { recursive: true, filter: isCopied });
  // pnpm reads the versions of workspace: dependencies where they are installed.
  const all = packages(ROOT);
  for (const { folder, manifest } of all) {
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      const target = all.find((other) => other.name === name);
      if (target === undefined) continue;
      const link = join(copy, folder, "node_modules", name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(copy, target.folder), link, "junction");
    }
  }
  commitAll("start");
  // A registry that has none of our packages yet.
  registry = createServer((_request, response) =>
    response.writeHead(404, { "content-type": "application/json" }).end("{}"),
  );
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  await new Promise((resolve) => registry.close(resolve));
  rmSync(copy, { recursive: true, force: true });
});

function commitAll(message: string): void {
  if (!existsSync(join(copy, ".git"))) {
    writeFileSync(join(copy, ".gitignore"), "node_modules/\n");
    run(copy, "git", "init", "-q", "-b", "main");
  }
  run(copy, "git", "add", "-A");
  run(
    copy,
    "git",
    "-c",
    "user.name=release",
    "-c",
    "user.email=release@example.invalid",
    "commit",
    "-q",
    "-m",
    message,
  );
}

function raiseVersions(): void {
  run(copy, process.execPath, join(ROOT, "node_modules/@changesets/cli/bin.js"), "version");
}

function changeset(name: string, bumps: Record<string, string>, text: string): void {
  const head = Object.entries(bumps).map(([what, bump]) => `"${what}": ${bump}`);
  writeFileSync(join(copy, ".changeset", `${name}.md`), ["---", ...head, "---", "", text, ""].join("\n"));
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(copy, folder, "package.json"), "utf8")) as Manifest;
const versions = (): Record<string, string> =>
  Object.fromEntries(PUBLIC.map(({ name, folder }) => [name, manifestOf(folder).version]));
const folderOf = (name: string): string => PUBLIC.find((one) => one.name === name)!.folder;
const changelog = (name: string): string => readFileSync(join(copy, folderOf(name), "CHANGELOG.md"), "utf8");

/** Our packages among the dependencies of each package, as they would be published. */
function publishedDependencies(): Record<string, Record<string, string>> {
  const destination = mkdtempSync(join(copy, "tarballs-"));
  const published = Object.entries(packAll(copy, destination)).map(([name, tarball]) => {
    const { dependencies = {} } = JSON.parse(
      run(destination, "tar", "-xzOf", tarball, "package/package.json"),
    ) as Manifest;
    return [name, Object.fromEntries(Object.entries(dependencies).filter(([one]) => NAMES.includes(one)))];
  });
  rmSync(destination, { recursive: true });
  return Object.fromEntries(published);
}

/** What they must be: each of ours at the version that it has. */
function rangesOf(version: Record<string, string>): Record<string, Record<string, string>> {
  const ours = (manifest: Manifest): string[] =>
    Object.keys(manifest.dependencies ?? {}).filter((name) => NAMES.includes(name));
  return Object.fromEntries(
    PUBLIC.map(({ name, manifest }) => [
      name,
      Object.fromEntries(ours(manifest).map((one) => [one, `^${version[one]}`])),
    ]),
  );
}

/** name@version of all that `pnpm publish` would send. */
async function dryRun(): Promise<string[]> {
  const [command, ...args] = pnpmCommand();
  const { port } = registry.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  const child = spawn(
    command,
    [...args, "--recursive", "publish", "--dry-run", "--no-git-checks", "--report-summary", "--registry", url],
    {
      cwd: copy,
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32" && command !== process.execPath,
    },
  );
  let output = "";
  child.stdout.on("data", (data) => (output += String(data)));
  child.stderr.on("data", (data) => (output += String(data)));
  const status = await new Promise((resolve) => child.on("close", resolve));
  expect(status, output).toBe(0);
  const summary = join(copy, "pnpm-publish-summary.json");
  const { publishedPackages } = JSON.parse(readFileSync(summary, "utf8")) as {
    publishedPackages: { name: string; version: string }[];
  };
  rmSync(summary);
  return publishedPackages.map(({ name, version }) => `${name}@${version}`).sort();
}

describe("a release", () => {
  it("is prepared: every published package has a version and a changeset, or a changelog", () => {
    const pending = readdirSync(join(ROOT, ".changeset")).filter(
      (file) => file.endsWith(".md") && file !== "README.md",
    );
    const texts = pending.map((file) => readFileSync(join(ROOT, ".changeset", file), "utf8"));
    for (const { name, folder, manifest } of PUBLIC) {
      const isNamed = texts.some((text) => text.split("---")[1]?.includes(`"${name}":`));
      expect(isNamed || existsSync(join(ROOT, folder, "CHANGELOG.md")), name).toBe(true);
      expect(manifest.version, name).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });

  it("raises versions, writes changelogs and resolves ranges, for all packages at once", {
    timeout: 300_000,
  }, async () => {
    const before = versions();
    changeset("all", Object.fromEntries(NAMES.map((name) => [name, "minor"])), "Something new for everybody.");
    raiseVersions();
    const after = versions();
    for (const name of NAMES) {
      const [major, minor] = before[name]!.split(".").map(Number);
      expect(after[name], name).toBe(`${major}.${minor! + 1}.0`);
      expect(changelog(name), name).toContain(`## ${after[name]}\n\n### Minor Changes\n`);
      expect(changelog(name), name).toContain("Something new for everybody.");
    }
    for (const { folder, manifest } of packages(ROOT).filter(({ manifest }) => manifest.private === true)) {
      expect(manifestOf(folder).version).toBe(manifest.version);
      expect(existsSync(join(copy, folder, "CHANGELOG.md"))).toBe(false);
    }
    expect(readdirSync(join(copy, ".changeset")).sort()).toEqual(["README.md", "config.json"]);
    commitAll("all");

    expect(await dryRun()).toEqual(NAMES.map((name) => `${name}@${after[name]}`).sort());
    expect(publishedDependencies()).toEqual(rangesOf(after));
  });

  it("of one package reaches the packages that need it, as patches, and no other", { timeout: 300_000 }, async () => {
    const before = versions();
    // libbpf-ts and the command line stand on isa; memory and maps do not.
    changeset("one", { "@bpf-ts/isa": "minor" }, "A new instruction.");
    raiseVersions();
    const after = versions();
    const raised = NAMES.filter((name) => after[name] !== before[name]);
    const needs = (name: string): boolean =>
      Object.keys(manifestOf(folderOf(name)).dependencies ?? {}).some(
        (one) => one === "@bpf-ts/isa" || (NAMES.includes(one) && needs(one)),
      );
    expect(raised.sort()).toEqual(NAMES.filter((name) => name === "@bpf-ts/isa" || needs(name)).sort());
    expect(raised).not.toContain("@bpf-ts/maps");
    expect(raised).toContain("libbpf-ts");

    const next = (version: string, part: 1 | 2): string => {
      const [major, minor, patch] = version.split(".").map(Number);
      return part === 1 ? `${major}.${minor! + 1}.0` : `${major}.${minor}.${patch! + 1}`;
    };
    for (const name of raised) {
      const isNamed = name === "@bpf-ts/isa";
      expect(after[name], name).toBe(next(before[name]!, isNamed ? 1 : 2));
      expect(changelog(name), name).toContain(`## ${after[name]}\n`);
      expect(changelog(name), name).toContain(isNamed ? "A new instruction." : "Updated dependencies");
    }
    expect(rangesOf(after)["libbpf-ts"]).toMatchObject({
      "@bpf-ts/isa": `^${after["@bpf-ts/isa"]}`,
      "@bpf-ts/uapi": `^${before["@bpf-ts/uapi"]}`,
    });
    expect(publishedDependencies()).toEqual(rangesOf(after));
  });
});
