import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "./root.ts";

/** A workspace with our packages' names and one module each, in which each file breaks one rule: by name, what the checker must say. */
const BREACHES: readonly (readonly [file: string, text: string, rule: string])[] = [
  ["packages/isa/src/up.ts", 'import "@bpf-ts/kernel";', "isa-points-down"],
  ["packages/isa/src/sideways.ts", 'import { btf } from "@bpf-ts/btf"; btf;', "isa-points-down"],
  [
    "packages/btf/src/type.ts",
    'import type { memory } from "@bpf-ts/memory"; export type X = typeof memory;',
    "btf-points-down",
  ],
  ["packages/vm/src/export.ts", 'export type { maps } from "@bpf-ts/maps";', "vm-points-down"],
  ["packages/vm/src/inline.ts", 'export type X = typeof import("@bpf-ts/verifier").verifier;', "vm-points-down"],
  ["packages/maps/src/lazy.ts", 'export const x = () => import("@bpf-ts/vm");', "maps-points-down"],
  ["packages/maps/test/x.test.ts", 'import "@bpf-ts/kernel";', "maps-points-down"],
  ["packages/verifier/src/path.ts", 'import "../../vm/src/index.ts";', "verifier-points-down"],
  ["packages/kernel/src/loader.ts", 'import "libbpf-ts";', "kernel-points-down"],
  ["packages/libbpf-ts/src/command.ts", 'import "bpf-ts";', "libbpf-ts-points-down"],
  ["packages/selftests/src/bench.ts", 'import "@bpf-ts/bench";', "selftests-points-down"],
  ["packages/kernel/src/path.ts", 'import "../../maps/src/index.ts";', "by-its-name"],
  ["packages/kernel/src/file.ts", 'import { readFileSync } from "node:fs"; readFileSync;', "no-node-in-the-core"],
  ["packages/memory/src/types.ts", 'import type { Stats } from "fs"; export type X = Stats;', "no-node-in-the-core"],
  ["packages/uapi/src/a.ts", 'import { b } from "./b.ts"; export const a = () => b;', "no-cycles"],
  ["packages/uapi/src/b.ts", 'import { a } from "./a.ts"; export const b = () => a;', ""],
  ["packages/uapi/src/gone.ts", 'import "./nowhere.ts";', "resolvable"],
  ["packages/uapi/src/fixture.ts", 'import "../test/fixture.ts";', "sources-alone"],
  ["packages/uapi/test/fixture.ts", "export {};", ""],
  ["packages/newcomer/src/index.ts", 'import "@bpf-ts/uapi";', "on-a-floor"],
];

/** What is allowed, however close it comes. */
const ALLOWED: readonly (readonly [file: string, text: string])[] = [
  [
    "packages/kernel/src/down.ts",
    'import "@bpf-ts/verifier"; import type { uapi } from "@bpf-ts/uapi"; export type X = typeof uapi;',
  ],
  ["packages/cli/src/file.ts", 'import "node:fs"; import "@bpf-ts/kernel";'],
  ["packages/isa/test/file.test.ts", '/// <reference types="node" />\nimport "node:fs"; import "../src/index.ts";'],
  ["packages/vm/src/c.ts", 'import type { D } from "./d.ts"; export interface C { d: D }'],
  ["packages/vm/src/d.ts", 'import { type C } from "./c.ts"; export interface D { c: C }'],
];

let folder = "";
let output = "";
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "bpf-ts-floors-")));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `${text}\n`);
  };
  cpSync(join(ROOT, "tsconfig.base.json"), join(folder, "tsconfig.base.json"));
  mkdirSync(join(folder, "node_modules/@bpf-ts"), { recursive: true });
  for (const name of readdirSync(join(ROOT, "packages"))) {
    write(`packages/${name}/src/index.ts`, `export const ${name.replaceAll("-", "_")} = 1;`);
    cpSync(join(ROOT, "packages", name, "package.json"), join(folder, "packages", name, "package.json"));
    const published = name === "cli" ? "bpf-ts" : name === "libbpf-ts" ? name : `@bpf-ts/${name}`;
    symlinkSync(join(folder, "packages", name), join(folder, "node_modules", published));
  }
  for (const [file, text] of [...BREACHES, ...ALLOWED]) write(file, text);
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs"),
      "--config",
      join(ROOT, "scripts/dependency-cruiser.cjs"),
      "packages",
    ],
    { cwd: folder, encoding: "utf8", env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" } },
  );
  output = stdout + stderr;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the check of package floors", () => {
  it.each(BREACHES.filter(([, , rule]) => rule !== ""))("refuses %s: %s (%s)", (file, _text, rule) => {
    expect(output).toMatch(new RegExp(`error ${rule}: ${file.replaceAll(".", "\\.")}(\\s|$)`, "m"));
  });

  it.each(ALLOWED)("lets %s pass", (file) => {
    expect(output).not.toContain(`: ${file}`);
  });
});
