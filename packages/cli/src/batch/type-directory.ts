import { Btf, BtfError } from "@bpf-ts/btf";
import { CliError } from "../error.ts";
import { readFirst } from "../files.ts";
import type { Io } from "../io.ts";
import type { TypeSource } from "./input.ts";

/** Pieces of BTF that are kept. Rows of one object follow each other. */
const MAX_KEPT = 64;

/** A folder of BTF files, `NAME.btf` or `NAME.btf.gz`; the ones used last are kept. */
export class TypeDirectory implements TypeSource {
  readonly #io: Pick<Io, "readFile">;
  readonly #dir: string | undefined;
  /** The one that was used last comes last. */
  readonly #kept = new Map<string, Btf>();

  /** @param dir undefined: there are none */
  constructor(io: Pick<Io, "readFile">, dir: string | undefined) {
    this.#io = io;
    this.#dir = dir;
  }

  /** @throws CliError ROW, INPUT */
  btf(name: string): Btf {
    const btf = this.#kept.get(name) ?? this.#read(name);
    this.#kept.delete(name);
    this.#kept.set(name, btf);
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return btf;
  }

  #read(name: string): Btf {
    if (this.#dir === undefined) throw new CliError("ROW", `BTF "${name}": no folder to look in was given (--btf-dir)`);
    const bytes = readFirst(this.#io, [`${this.#dir}/${name}.btf`, `${this.#dir}/${name}.btf.gz`]);
    return parseBtf(bytes, `BTF "${name}"`);
  }
}

/** @throws CliError INPUT */
export function parseBtf(bytes: Uint8Array, what: string): Btf {
  try {
    return Btf.parse(bytes);
  } catch (cause) {
    if (!(cause instanceof BtfError)) throw cause;
    throw new CliError("INPUT", `${what}: ${cause.message}`, { cause });
  }
}
