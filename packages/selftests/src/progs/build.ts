import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { helperDefsHeader, vmlinuxHeader } from "./headers.ts";

/** The compiler whose output is committed. */
const CLANG = "clang-19";
const STRIP = "llvm-strip-19";

/** Where the programs lie, from the repository's root: what is recorded in the objects. */
const PROGS = "packages/selftests/progs";

/** The repository's root: the folder of pnpm-workspace.yaml above this file, or above the bundle that run-ts makes of it. */
export function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "pnpm-workspace.yaml"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("no pnpm-workspace.yaml above this file: not in the repository");
    folder = parent;
  }
  return folder;
}

/** The exact compiler, e.g. `Debian clang version 19.1.7 (3~deb12u1)`; undefined if it is not installed. */
export function compilerVersion(): string | undefined {
  const { status, stdout } = spawnSync(CLANG, ["--version"], { encoding: "utf8" });
  return status === 0 && spawnSync(STRIP, ["--version"]).status === 0 ? stdout.split("\n")[0] : undefined;
}

/** The compiler that made the committed objects. */
export function recordedCompiler(root: string): string {
  return readFileSync(join(root, PROGS, "COMPILER"), "utf8").trim();
}

/** The generated headers, by file name. */
export function generatedHeaders(): ReadonlyMap<string, string> {
  return new Map([
    ["vmlinux.h", vmlinuxHeader()],
    ["bpf_helper_defs.h", helperDefsHeader()],
  ]);
}

/** Names of all C sources. */
export function sources(root: string): string[] {
  return readdirSync(join(root, PROGS))
    .filter((name) => name.endsWith(".c"))
    .sort();
}

/**
 * Compiles one program: from the root, by relative path, debug sections stripped but BTF's.
 *
 * @throws Error with the compiler's messages
 */
export function compile(root: string, source: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "bpf-ts-progs-"));
  try {
    const object = join(folder, `${basename(source, ".c")}.o`);
    const flags = [
      "-target",
      "bpf",
      "-mcpu=v3",
      "-O2",
      "-g",
      "-Wall",
      "-Werror",
      "-Wno-unused-function",
      "-fdebug-compilation-dir=.",
    ];
    for (const [command, args] of [
      [CLANG, [...flags, "-c", `${PROGS}/${source}`, "-o", object]],
      [STRIP, ["-g", object]],
    ] as const) {
      const { status, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
      if (status !== 0) throw new Error(`${command} ${source}:\n${stderr}`);
    }
    return readFileSync(object);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes headers, objects and the compiler's name. */
export function buildAll(): void {
  const root = repositoryRoot();
  const version = compilerVersion();
  if (version === undefined) throw new Error(`${CLANG} and ${STRIP} are needed to build the programs`);
  mkdirSync(join(root, PROGS, "include"), { recursive: true });
  for (const [name, text] of generatedHeaders()) writeFileSync(join(root, PROGS, "include", name), text);
  for (const source of sources(root)) {
    const object = source.replace(/\.c$/, ".o");
    writeFileSync(join(root, PROGS, object), compile(root, source));
    process.stdout.write(`${object}\n`);
  }
  writeFileSync(join(root, PROGS, "COMPILER"), `${version}\n`);
}
