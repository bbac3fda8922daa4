/// <reference types="node" />
import { describe, expect, it } from "vitest";
import { bundleSize } from "../../../scripts/bundle-size.ts";

const SRC = new URL("../src/", import.meta.url);

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
    const size = await bundleSize(source, SRC);
    console.log(`btf: ${name}: ${size} bytes`);
    expect(size).toBeLessThanOrEqual(budget);
    // A bundle that lost what it should hold would be smaller than its source.
    expect(size).toBeGreaterThan(30);
  });
});
