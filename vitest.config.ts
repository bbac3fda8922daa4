import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    projects: ["packages/*"],
    reporters: ["default", "./scripts/count-reporter.ts"],
  },
});
export default config;
