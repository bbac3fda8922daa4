import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

/** What every package's tests share: workspace imports resolve to sources, so that no build is needed to test. */
const shared: ViteUserConfig = defineConfig({
  resolve: { conditions: ["@bpf-ts/source"] },
  ssr: { resolve: { conditions: ["@bpf-ts/source"], externalConditions: ["@bpf-ts/source"] } },
  test: {
    include: ["test/**/*.test.ts"],
    environment: "node",
    setupFiles: [fileURLToPath(new URL("scripts/leak-check.ts", import.meta.url))],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
export default shared;
