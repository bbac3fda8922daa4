import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { describe, expect, it } from "vitest";
import { ROOT } from "./root.ts";

/** What a program's bundle grows by, in bytes, minified and compressed by gzip. The budgets leave room for a fix, not for a table that slips in. */
const BUDGETS: readonly (readonly [what: string, source: string, atMost: number])[] = [
  ["one errno", 'import { EINVAL } from "@bpf-ts/uapi/errno"; console.log(EINVAL);', 60],
  ["one helper's id", 'import { BPF_FUNC_loop } from "@bpf-ts/uapi/helper-ids"; console.log(BPF_FUNC_loop);', 60],
  ["one constant of the instruction set", 'import { BPF_EXIT } from "@bpf-ts/isa"; console.log(BPF_EXIT);', 150],
  ["decode and encode", 'import { decode, encode } from "@bpf-ts/isa"; console.log(decode, encode);', 4_000],
  [
    "the instruction set",
    'import * as isa from "@bpf-ts/isa"; import * as b from "@bpf-ts/isa/build"; console.log({ ...isa, ...b });',
    25_000,
  ],
  ["names of program types", 'import { progTypeName } from "@bpf-ts/uapi/names"; console.log(progTypeName);', 1_000],
  ["the helpers' prototypes", 'import { helperById } from "@bpf-ts/uapi/helpers"; console.log(helperById);', 10_000],
  ["reading BTF", 'import { Btf } from "@bpf-ts/btf"; console.log(Btf);', 8_000],
  ["BTF", 'import * as btf from "@bpf-ts/btf"; console.log({ ...btf });', 45_000],
  ["memory", 'import { Memory } from "@bpf-ts/memory"; console.log(Memory);', 8_000],
  ["maps", 'import { createMap } from "@bpf-ts/maps"; console.log(createMap);', 32_000],
  ["running programs", 'import { Vm } from "@bpf-ts/vm"; console.log(Vm);', 25_000],
  [
    "the verifier",
    'import { defaultProfile, verify } from "@bpf-ts/verifier"; console.log(defaultProfile, verify);',
    120_000,
  ],
  ["a kernel", 'import { createKernel } from "@bpf-ts/kernel"; console.log(createKernel);', 240_000],
  ["the loader", 'import { openObject } from "libbpf-ts"; console.log(openObject);', 40_000],
];

async function sizeOf(source: string): Promise<number> {
  // Where it lies decides which packages it finds; the file itself is never written.
  const entry = join(ROOT, "packages/selftests/src/size-entry.ts");
  const bundle = await rolldown({
    input: entry,
    platform: "browser",
    resolve: { conditionNames: ["@bpf-ts/source", "browser", "import", "default"] },
    plugins: [
      {
        name: "entry",
        load: (id) => (id === entry ? source : undefined),
        resolveId: (id) => (id === entry ? id : undefined),
      },
    ],
  });
  try {
    const { output } = await bundle.generate({ format: "esm", minify: true });
    return gzipSync(output[0].code).length;
  } finally {
    await bundle.close();
  }
}

describe("bundle sizes, minified and gzip", () => {
  it.each(BUDGETS)("%s", async (what, source, atMost) => {
    const size = await sizeOf(source);
    console.log(`${what}: ${size} bytes (at most ${atMost})`);
    expect(size).toBeLessThanOrEqual(atMost);
  });
});
