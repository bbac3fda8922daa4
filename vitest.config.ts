import { defineConfig, mergeConfig, type ViteUserConfig } from "vitest/config";
import shared from "./vitest.shared.ts";

/** All packages' tests in one run, which need not know whose they are: a worker loads each module once. */
const config: ViteUserConfig = mergeConfig(
  shared,
  defineConfig({
    test: {
      include: ["packages/*/test/**/*.test.ts"],
      reporters: ["default", "./scripts/count-reporter.ts"],
    },
  }),
);
export default config;
