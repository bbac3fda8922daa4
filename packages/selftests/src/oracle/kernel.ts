import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CorpusLoad, CorpusMap } from "../corpus/row.ts";

/** A program to be loaded, in the corpus' format. */
export interface LoadRequest {
  load: CorpusLoad;
  maps: readonly CorpusMap[];
  log_level: number;
}

/** What the running kernel answered; `error` if it did not come to the load, because a map or BTF could not be made. */
export type LoadAnswer = { errno: number; log: string } | { error: string };

/**
 * Loads programs into the running kernel, which keeps none of them. Needs python3 and the right to use bpf(2).
 *
 * @param packageDir Folder of this package.
 * @param btfDir Folder of the BTF files that the programs name.
 */
export function loadRows(packageDir: string, btfDir: string, requests: readonly LoadRequest[]): LoadAnswer[] {
  const script = join(packageDir, "src", "oracle", "load_rows.py");
  if (!existsSync(script)) throw new Error(`${script} is missing`);
  const result = spawnSync("python3", [script, btfDir], {
    input: requests.map((r) => `${JSON.stringify(r)}\n`).join(""),
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  if (result.status !== 0) throw new Error(`python3 ${script}: ${result.error?.message ?? result.stderr}`);
  const lines = result.stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as LoadAnswer);
}
