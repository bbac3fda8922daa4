/// <reference types="node" />
import { describe, expect, it } from "vitest";
import { bundleSize } from "../../../scripts/bundle-size.ts";

const SRC = new URL("../src/", import.meta.url);

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
    const size = await bundleSize(source, SRC);
    console.log(`isa: ${name}: ${size} bytes`);
    expect(size).toBeLessThanOrEqual(budget);
    // A bundle that lost what it should hold would be smaller than its source.
    expect(size).toBeGreaterThan(30);
  });
});
