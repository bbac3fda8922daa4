// node scripts/run-ts.mjs ENTRY.ts [ARG ...]: bundles a TypeScript program with the packages' sources (nothing needs building first) and runs it.
// Paths among its arguments are relative to where pnpm was called.
import { mkdtempSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "tsdown";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [entry, ...args] = process.argv.slice(2);
if (entry === undefined) {
  console.error("usage: node scripts/run-ts.mjs ENTRY.ts [ARG ...]");
  process.exit(2);
}
// Beside the dependencies of the package that the program belongs to, so that what stays outside of the bundle is found.
const [, owner] = /^(packages\/[^/]+)\//.exec(entry) ?? [];
const outDir = mkdtempSync(join(root, owner ?? "", "node_modules", ".run-ts-"));
process.on("exit", () => rmSync(outDir, { recursive: true, force: true }));
// tsdown greets old Node versions on standard output, which belongs to the program.
const write = process.stdout.write;
process.stdout.write = (...rest) => process.stderr.write(...rest);
await build({
  config: false,
  cwd: root,
  entry: { main: entry },
  outDir,
  format: "esm",
  platform: "node",
  target: "node20",
  dts: false,
  sourcemap: true,
  deps: { alwaysBundle: [/^@bpf-ts\//, /^libbpf-ts$/, /^bpf-ts$/, /^@noble\//, /^commander$/] },
  logLevel: "error",
  inputOptions: (options) => ({
    ...options,
    resolve: { ...options.resolve, conditionNames: ["@bpf-ts/source", "node", "import", "default"] },
  }),
});
process.stdout.write = write;
process.setSourceMapsEnabled(true);
process.argv = [process.argv[0], join(root, entry), ...args];
if (process.env.INIT_CWD !== undefined) process.chdir(process.env.INIT_CWD);
await import(pathToFileURL(join(outDir, "main.mjs")).href);
