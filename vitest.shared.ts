import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

/** What every package's tests share: workspace imports resolve to sources, so that no build is needed to test. */
const shared: ViteUserConfig = defineConfig({
  resolve: { conditions: ["@bpf-ts/source"] },
  ssr: { resolve: { conditions: ["@bpf-ts/source"], externalConditions: ["@bpf-ts/source"] } },
  test: {
    include: ["test/**/*.test.ts"],
    environment: "node",
    // Nothing of ours keeps state in modules, so files of tests can share them: what they import is loaded, and compiled by the engine, once a worker.
    isolate: false,
    setupFiles: ["leak-check", "fixed-seeds"].map((name) =>
      fileURLToPath(new URL(`scripts/${name}.ts`, import.meta.url)),
    ),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
export default shared;
