// Runs a TypeScript entry point of this package: bundles it with the packages' sources (a tenth of a second, nothing needs building first).
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "tsdown";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

export async function runBundled(entry) {
  const outDir = join(root, "node_modules", ".cache", `bundled-${process.pid}`);
  mkdirSync(outDir, { recursive: true });
  try {
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
      deps: { alwaysBundle: [/./] },
      logLevel: "error",
      inputOptions: (options) => ({
        ...options,
        resolve: { ...options.resolve, conditionNames: ["@bpf-ts/source", "node", "import", "default"] },
      }),
    });
    process.setSourceMapsEnabled(true);
    await import(pathToFileURL(join(outDir, "main.mjs")).href);
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}
