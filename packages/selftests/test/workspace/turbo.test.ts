import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { packages } from "../../../../scripts/workspace.mjs";
import { ROOT } from "./root.ts";

interface Task {
  inputs?: string[];
  outputs?: string[];
  env?: string[];
  cache?: boolean;
}

const turbo = JSON.parse(readFileSync(join(ROOT, "turbo.json"), "utf8")) as {
  tasks: Record<string, Task>;
  globalPassThroughEnv: string[];
};
const [test, selftests] = [turbo.tasks["test"]!, turbo.tasks["@bpf-ts/selftests#test"]!];
const PACKAGES = packages(ROOT);

/** TypeScript below a folder, relative to the repository. */
function filesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.m?ts$/.test(file) && !file.includes("node_modules"))
    .map((file) => join(folder, file));
}

const sources = PACKAGES.flatMap(({ folder }) => [...filesOf(join(folder, "src")), ...filesOf(join(folder, "test"))]);

describe("turbo's tasks", () => {
  it("say what they read, what they write and what changes them", () => {
    for (const name of ["build", "typecheck", "test"])
      expect(turbo.tasks[name], name).toMatchObject({
        inputs: expect.arrayContaining(["src/**", "package.json"]),
        outputs: name === "build" ? ["dist/**"] : [],
        env: expect.any(Array),
      });
    // These look at the whole repository: there is no list that could be complete.
    expect(selftests).toMatchObject({ cache: false, env: test.env });
  });

  it("hand down every variable of ours that a package asks for", () => {
    const asked = sources.flatMap((file) =>
      [...readFileSync(join(ROOT, file), "utf8").matchAll(/process\.env(?:\["|\.)(BPF_TS_\w+)/g)].map((m) => m[1]!),
    );
    expect(asked).toContain("BPF_TS_CORPUS");
    const declared = new Set([...test.env!, ...turbo.globalPassThroughEnv]);
    expect([...new Set(asked)].filter((name) => !declared.has(name))).toEqual([]);
  });

  it("list what tests read outside of their package", () => {
    const declared = test
      .inputs!.filter((input) => input.startsWith("$TURBO_ROOT$/"))
      .map((input) => input.slice("$TURBO_ROOT$/".length).replace(/\*\*$/, ""));
    const undeclared = sources
      .filter((file) => !file.startsWith("packages/selftests/") && file.includes("/test/"))
      .flatMap((file) => {
        const own = file.split("/").slice(0, 2).join("/");
        const paths = readFileSync(join(ROOT, file), "utf8").matchAll(/["'`]((?:\.\.\/){2,}[\w./-]*)/g);
        return [...paths]
          .map(([, path]) => relative(ROOT, resolve(join(ROOT, dirname(file)), path!)))
          .filter((path) => path !== "" && path !== own && !path.startsWith(`${own}/`))
          .filter(
            (path) => !/^packages\/[^/]+\/src\//.test(path) && !declared.some((start) => `${path}/`.startsWith(start)),
          )
          .map((path) => `${file}: ${path}`);
      });
    expect(undeclared).toEqual([]);
  });
});
