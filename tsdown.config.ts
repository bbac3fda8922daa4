import { readFileSync } from "node:fs";
import { defineConfig, type UserConfig } from "tsdown";

/** Run from a package's folder: the entries are the source files that its `exports` name. */
const manifest = JSON.parse(readFileSync("package.json", "utf8")) as {
  exports: Record<string, string | { "@bpf-ts/source"?: string }>;
};

const entry: Record<string, string> = {};
for (const target of Object.values(manifest.exports)) {
  const source = typeof target === "string" ? undefined : target["@bpf-ts/source"];
  if (source !== undefined) entry[source.replace("./src/", "").replace(/\.ts$/, "")] = source;
}

const config: UserConfig = defineConfig({
  cwd: process.cwd(),
  entry,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  dts: { oxc: true },
  sourcemap: true,
  hash: false,
  fixedExtension: false,
  logLevel: "warn",
  plugins: [
    {
      // The generator of declarations copies definite assignment assertions (`field!: Type`), which TypeScript refuses in a declaration.
      name: "no-definite-assignment-in-declarations",
      renderChunk: (code, chunk) =>
        chunk.fileName.endsWith(".d.ts")
          ? code.replace(/^(\s+(?:(?:readonly|static|protected) )*\w+)!:/gm, "$1:")
          : null,
    },
  ],
});
export default config;
