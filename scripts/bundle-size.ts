/// <reference types="node" />
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

/**
 * What a bundle grows by: bytes of a module, minified and compressed by gzip.
 *
 * @param folder that the module stands in: what its imports are relative to
 */
export async function bundleSize(source: string, folder: URL): Promise<number> {
  const entry = fileURLToPath(new URL("size-entry.ts", folder));
  const bundle = await rolldown({
    input: "entry",
    platform: "neutral",
    treeshake: true,
    resolve: { conditionNames: ["@bpf-ts/source", "import"] },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === "entry" ? entry : undefined),
        load: (id) => (id === entry ? source : undefined),
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
