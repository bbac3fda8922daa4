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
    ["one constant", 150, 'import { BPF_ALU64 } from "./index.ts"; console.log(BPF_ALU64);'],
    ["one constant of its subpath", 150, 'import { BPF_ALU64 } from "./opcodes.ts"; console.log(BPF_ALU64);'],
    [
      "decode and encode",
      4_000,
      'import { decode, encode } from "./index.ts"; console.log(encode(decode(new Uint8Array(8))));',
    ],
    ["the kernel's disassembler", 12_000, 'import { formatKernel } from "./index.ts"; console.log(formatKernel);'],
    [
      "everything",
      25_000,
      'import * as isa from "./index.ts"; import * as build from "./build/index.ts"; import * as opcodes from "./opcodes.ts"; console.log(Object.entries({ ...isa, ...build, ...opcodes }));',
    ],
  ])("%s: at most %d bytes", async (name, budget, source) => {
    const size = await sizeOf(source);
    console.log(`isa: ${name}: ${size} bytes`);
    expect(size).toBeLessThanOrEqual(budget);
    // A bundle that lost what it should hold would be smaller than its source.
    expect(size).toBeGreaterThan(30);
  });
});
