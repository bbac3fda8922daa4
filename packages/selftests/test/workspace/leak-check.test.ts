/** The check at the end of every test, tried on tests that must fail. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CACHE, ROOT } from "./root.ts";

const MAP = '{ type: 1, name: "left", keySize: 4, valueSize: 4, maxEntries: 1, mapFlags: 0 }';

const HEAD = `
import { createKernel } from "@bpf-ts/kernel";
import { beforeAll, it } from "vitest";
void beforeAll;
`;

/** What a file's tests leave behind. */
const FILES: Readonly<Record<string, string>> = {
  "tests.test.ts": `
    it("closes all", () => { const { bpf } = createKernel(); bpf.close(bpf.mapCreate(${MAP})); });
    it("disposes", () => { const kernel = createKernel(); kernel[Symbol.dispose](); });
    it("leaves a map", () => { createKernel().bpf.mapCreate(${MAP}); });
    it("leaves a file", () => { createKernel().spawn().openat("/f"); });
    it("fails and leaves a map", () => { createKernel().bpf.mapCreate(${MAP}); throw new Error("first"); });
    it("closes all again", () => { createKernel(); });`,
  "file.test.ts": `
    let kernel;
    beforeAll(() => { kernel = createKernel(); });
    it("leaves it to the file", () => { kernel.bpf.mapCreate(${MAP}); });`,
};

let folder = "";
beforeAll(() => {
  mkdirSync(CACHE, { recursive: true });
  folder = mkdtempSync(join(CACHE, "leak-check-"));
  writeFileSync(
    join(folder, "vitest.config.mjs"),
    `import { mergeConfig } from "vitest/config";
     import shared from ${JSON.stringify(join(ROOT, "vitest.shared.ts"))};
     const config = mergeConfig(shared, { test: { exclude: [] } });
     config.test.include = ["*.test.ts"];
     export default config;`,
  );
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), HEAD + text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("fails what leaves objects or fds of a kernel alive, and says which", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "--root", folder],
    { encoding: "utf8", env: { ...process.env, NO_COLOR: "1", CI: "true" } },
  );
  const output = stdout + stderr;
  /** What is said of a failure; each is followed by the lines of code around it. */
  const of = (name: string): string => {
    const at = output.indexOf(`FAIL  ${name}`);
    return at < 0 ? "" : output.slice(at, at + 300);
  };
  const map = "Error: left alive:\n  map 1 (left), 1 reference(s)\n  fd 3 of process 1000: map";
  expect(of("tests.test.ts > leaves a map")).toContain(map);
  expect(of("tests.test.ts > leaves a file")).toContain("Error: left alive:\n  fd 3 of process 1001: file");
  // The test's own error, and what it left.
  expect(of("tests.test.ts > fails and leaves a map")).toContain(map);
  expect(output).toMatch(/^Error: first$/m);
  expect(output.match(/FAIL {2}tests\.test\.ts > /g)).toHaveLength(4);
  expect(of("file.test.ts")).toContain(map);
  expect(output).toMatch(/Tests {2}3 failed \| 4 passed/);
  expect(status).toBe(1);
});

it("is part of every package's tests", () => {
  const tested = readdirSync(join(ROOT, "packages")).filter((name) => existsSync(join(ROOT, "packages", name, "test")));
  expect(tested.length).toBeGreaterThan(10);
  for (const name of tested) {
    const config = readFileSync(join(ROOT, "packages", name, "vitest.config.ts"), "utf8");
    expect([name, config]).toEqual([name, expect.stringContaining('import shared from "../../vitest.shared.ts";')]);
    expect([name, config]).toEqual([name, expect.stringContaining("mergeConfig(shared, ")]);
  }
});
