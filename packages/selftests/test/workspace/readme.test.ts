import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packages, publicPackages } from "../../../../scripts/workspace.mjs";
import {
  brokenPromises,
  type Example,
  examplesOf,
  nameOf,
  promisedOutput,
  readmeFiles,
  sessionsOf,
} from "./examples.ts";
import { CACHE, ROOT } from "./root.ts";

const PACKAGES = publicPackages(ROOT);
const readmes = readmeFiles();
const examples: readonly Example[] = readmes.flatMap(examplesOf);
const sessions = readmes.flatMap(sessionsOf);
/** Fails a process that ends with live objects of a kernel. */
const LEAKS = `
const kernels = [];
globalThis[Symbol.for("bpf-ts.kernel-created")] = (kernel) => kernels.push(kernel);
process.on("exit", () => {
  const live = kernels.flatMap((kernel) => kernel.describeLive());
  if (live.length === 0) return;
  console.error("left alive:\\n  " + live.join("\\n  "));
  process.exitCode = 1;
});
`;

let folder = "";
// Their types are checked as their readers see them, against the packed packages: consumer.test.ts.
beforeAll(async () => {
  mkdirSync(CACHE, { recursive: true });
  folder = mkdtempSync(join(CACHE, "readme-"));
  for (const example of examples) writeFileSync(join(folder, `${nameOf(example)}.ts`), example.code);
  writeFileSync(join(folder, "leaks.mjs"), LEAKS);

  const bundle = await rolldown({
    input: {
      "bpf-ts": join(ROOT, "packages/cli/src/main.ts"),
      ...Object.fromEntries(examples.map((example) => [nameOf(example), join(folder, `${nameOf(example)}.ts`)])),
    },
    platform: "node",
    resolve: { conditionNames: ["@bpf-ts/source", "node", "import", "default"] },
    transform: { target: "es2022" },
  });
  try {
    await bundle.write({ dir: join(folder, "out"), entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs" });
  } finally {
    await bundle.close();
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("every public package", () => {
  it.each(PACKAGES)("$name has a README with an install line and a running example", ({ name, folder, manifest }) => {
    const file = join(ROOT, folder, "README.md");
    expect(existsSync(file), `${folder}/README.md exists`).toBe(true);
    const isInstalled = new RegExp(`^npm install (\\S+ )*${name}( |$)`, "m").test(readFileSync(file, "utf8"));
    expect(isInstalled, `${folder}/README.md has a line \`npm install ${name}\``).toBe(true);
    const isCommand = manifest.bin !== undefined;
    const own = isCommand ? sessionsOf(`${folder}/README.md`) : examplesOf(`${folder}/README.md`);
    expect(own.length, isCommand ? "blocks of ```console with $ npx bpf-ts …" : "blocks of ```ts").toBeGreaterThan(0);
  });
});

it("every other package has one too", () => {
  for (const { folder } of packages(ROOT))
    expect([folder, existsSync(join(ROOT, folder, "README.md"))]).toEqual([folder, true]);
});

describe("the examples of the READMEs", () => {
  it("are there", () => {
    expect(readmes).toContain("README.md");
    expect(examplesOf("README.md").length).toBeGreaterThan(0);
  });

  it("are held to what their comments say", () => {
    const code = 'console.log(f(1)); // 42n\nconsole.log(g); // true: it is\nconsole.log("x"); // no comment\n';
    const promises = promisedOutput({ file: "", line: 1, code });
    expect(brokenPromises(promises, "42n\nbetween\ntrue\nno comment\n")).toEqual([]);
    expect(brokenPromises(promises, "43n\ntrue\n")).toEqual(["42n", "no comment"]);
    expect(brokenPromises(promises, "true\n42n\nno comment\n")).toEqual(["true: it is"]);
  });

  it.each(examples.map((example) => [`${example.file}:${example.line}`, example] as const))(
    "%s runs",
    (_name, example) => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ["--import", join(folder, "leaks.mjs"), join(folder, "out", `${nameOf(example)}.mjs`)],
        { cwd: folder, encoding: "utf8" },
      );
      expect(stderr).toBe("");
      expect(status).toBe(0);
      expect(
        brokenPromises(promisedOutput(example), stdout),
        `comments that are not true; it printed\n${stdout}`,
      ).toEqual([]);
    },
  );

  // Files that they name lie in the examples folder of the package.
  it.each(sessions.map((session) => [`${session.file}:${session.line}`, session] as const))(
    "%s prints what it shows",
    (_name, { file, args, output }) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "out/bpf-ts.mjs"), ...args], {
        cwd: join(ROOT, dirname(file), "examples"),
        encoding: "utf8",
      });
      expect(stdout, stderr).toBe(output);
      // 2 is for wrong usage and broken files: nothing to show as an example.
      expect(status).not.toBe(2);
    },
  );
});
