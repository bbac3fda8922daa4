/** The committed BPF objects and generated headers are what their sources give. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  compile,
  compilerVersion,
  generatedHeaders,
  recordedCompiler,
  repositoryRoot,
  sources,
} from "../../src/progs/build.ts";

const root = repositoryRoot();
const progs = join(root, "packages/selftests/progs");

test("the headers are what uapi and the kernel's BTF give", () => {
  for (const [name, text] of generatedHeaders()) expect(readFileSync(join(progs, "include", name), "utf8")).toBe(text);
});

test("every source has its object, every object its source, two megabytes at the most", () => {
  const objects = readdirSync(progs).filter((name) => name.endsWith(".o"));
  expect(objects.map((name) => name.replace(/\.o$/, ".c")).sort()).toEqual(sources(root));
  const total = objects.reduce((sum, name) => sum + statSync(join(progs, name)).size, 0);
  expect(total).toBeLessThan(2 * 1024 * 1024);
});

const installed = compilerVersion();
const recorded = recordedCompiler(root);
const reason =
  installed === undefined
    ? "clang-19 and llvm-strip-19 are not installed"
    : installed === recorded
      ? undefined
      : `the compiler here is ${installed}, the objects are from ${recorded}`;

describe.skipIf(reason !== undefined)(
  `rebuilt byte for byte${reason === undefined ? "" : ` (skipped: ${reason})`}`,
  () => {
    test.each(sources(root))("%s", (source) => {
      const committed = readFileSync(join(progs, source.replace(/\.c$/, ".o")));
      expect(Buffer.compare(Buffer.from(compile(root, source)), committed)).toBe(0);
    });
  },
);
