import { createReadStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createGunzip, gunzipSync } from "node:zlib";
import { Btf } from "@bpf-ts/btf";
import type { CorpusRow } from "./row.ts";

/** A folder with `verifier.jsonl.gz`, `vmlinux.btf.gz` and `btf/`. Type information is read when asked for and kept. */
export class Corpus {
  readonly dir: string;
  readonly #btf = new Map<string, Btf>();
  #kernelBtf: Btf | undefined;

  constructor(dir: string) {
    this.dir = dir;
  }

  /** Types of the kernel that gave the answers. */
  get kernelBtf(): Btf {
    this.#kernelBtf ??= Btf.parse(gunzipSync(readFileSync(join(this.dir, "vmlinux.btf.gz"))));
    return this.#kernelBtf;
  }

  /** A program's or map's types by the name that rows give. */
  btf(name: string): Btf {
    let btf = this.#btf.get(name);
    if (btf === undefined) {
      btf = Btf.parse(gunzipSync(readFileSync(join(this.dir, "btf", `${name}.btf.gz`))));
      this.#btf.set(name, btf);
    }
    return btf;
  }

  /** The rows in the file's order, one at a time; lines may be megabytes long. `wanted` sees the id before the line is parsed. */
  async *rows(wanted: (id: string) => boolean = () => true): AsyncGenerator<CorpusRow> {
    const input = createReadStream(join(this.dir, "verifier.jsonl.gz")).pipe(createGunzip());
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const id = /^\{"id": ?("(?:[^"\\]|\\.)*")/.exec(line);
      if (id !== null && !wanted(JSON.parse(id[1]!) as string)) continue;
      const row = JSON.parse(line) as CorpusRow;
      if (wanted(row.id)) yield row;
    }
  }
}
