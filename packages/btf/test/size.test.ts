/// <reference types="node" />
// What a bundle grows by: minified and compressed by gzip. tsdown, which builds this package, brings rolldown.
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

interface Bundle {
  generate(options: object): Promise<{ output: readonly { code: string }[] }>;
  close(): Promise<void>;
}
interface Rolldown {
  rolldown(options: object): Promise<Bundle>;
}

const require = createRequire(import.meta.url);
const { rolldown } = createRequire(require.resolve("tsdown"))("rolldown") as Rolldown;
const root = new URL("../src/", import.meta.url).pathname;

async function sizeOf(source: string): Promise<number> {
  const bundle = await rolldown({
    input: "entry",
    platform: "neutral",
    treeshake: true,
    resolve: { conditionNames: ["@bpf-ts/source", "import"] },
    plugins: [
      {
        name: "entry",
        resolveId: (id: string) => (id === "entry" ? `${root}size-entry.ts` : undefined),
        load: (id: string) => (id === `${root}size-entry.ts` ? source : undefined),
      },
    ],
  });
  try {
    const { output } = await bundle.generate({ format: "esm", minify: true });
    return gzipSync(output[0]!.code).length;
  } finally {
    await bundle.close();
  }
}

describe("bundle sizes (minified, gzip)", () => {
  it.each<[string, number, string]>([
    ["one constant", 150, 'import { BPF_CORE_TYPE_SIZE } from "./index.ts"; console.log(BPF_CORE_TYPE_SIZE);'],
    ["reader", 8_000, 'import { Btf } from "./index.ts"; console.log(Btf.parse(new Uint8Array(0)));'],
    [
      "reader and codecs",
      14_000,
      'import { Btf, codecFor } from "./index.ts"; console.log(codecFor(Btf.parse(new Uint8Array(0)), 1));',
    ],
    ["validator", 14_000, 'import { validateBtf } from "./index.ts"; console.log(validateBtf(new Uint8Array(0)));'],
    ["everything", 36_000, 'import * as btf from "./index.ts"; console.log(Object.entries(btf));'],
  ])("%s: at most %d bytes", async (name, budget, source) => {
    const size = await sizeOf(source);
    console.log(`btf: ${name}: ${size} bytes`);
    expect(size).toBeLessThanOrEqual(budget);
    // A bundle that lost what it should hold would be smaller than its source.
    expect(size).toBeGreaterThan(30);
  });
});
