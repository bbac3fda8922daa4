import type { Btf } from "@bpf-ts/btf";
import { LibbpfError } from "../error.ts";
import { pick } from "../spec/pick.ts";
import type { BpfLink } from "./bpf-link.ts";
import type { BpfMap } from "./bpf-map.ts";
import type { BpfProgram } from "./bpf-program.ts";
import type { BpfVariable } from "./bpf-variable.ts";
import { closeAll, closeQuietly } from "./close-all.ts";

/** What a {@link BpfObject} is made of. */
export interface LoadedParts {
  name: string;
  btf: Btf | undefined;
  maps: ReadonlyMap<string, BpfMap>;
  variables: ReadonlyMap<string, BpfVariable>;
  programs: ReadonlyMap<string, BpfProgram>;
  /** Everything that is to be closed with the object, in the order in which it was made. */
  owned: readonly { close(): void }[];
  warnings: readonly string[];
}

/** A loaded object: owns its maps, programs, and the links that {@link BpfObject.attach} made. */
export class BpfObject implements Disposable {
  readonly name: string;
  /** The object's types; undefined without any. */
  readonly btf: Btf | undefined;
  /** By the names that the object declares. */
  readonly maps: ReadonlyMap<string, BpfMap>;
  /** Global variables. */
  readonly variables: ReadonlyMap<string, BpfVariable>;
  /** Those that were loaded. */
  readonly programs: ReadonlyMap<string, BpfProgram>;
  /** What went less well than the object asked for, e.g. BTF that the kernel refused. */
  readonly warnings: readonly string[];
  readonly #owned: readonly { close(): void }[];
  readonly #links: BpfLink[] = [];
  #isOpen = true;

  /** Objects come from {@link ObjectSpec.load}. */
  constructor(parts: LoadedParts) {
    this.name = parts.name;
    this.btf = parts.btf;
    this.maps = parts.maps;
    this.variables = parts.variables;
    this.programs = parts.programs;
    this.warnings = parts.warnings;
    this.#owned = parts.owned;
  }

  /**
   * By the name that the object declares; of global data the section's. Whoever knows the types of its keys and values may say so.
   *
   * @throws LibbpfError NOT_FOUND
   */
  map<K = unknown, V = unknown>(name: string): BpfMap<K, V> {
    return pick(this.maps, name, `map in ${this.name}`) as BpfMap<K, V>;
  }

  /** @throws LibbpfError NOT_FOUND */
  variable(name: string): BpfVariable {
    return pick(this.variables, name, `global variable in ${this.name}`);
  }

  /** @throws LibbpfError NOT_FOUND */
  program(name: string): BpfProgram {
    return pick(this.programs, name, `loaded program in ${this.name}`);
  }

  /** Links that the object owns, in order of attachment. */
  get links(): readonly BpfLink[] {
    return this.#links;
  }

  /**
   * Attaches every program whose section says where to, in file order. If one fails, those attached before are detached again.
   *
   * @throws LibbpfError ATTACH, STATE; UnsupportedError; BpfError with the kernel's errno
   */
  attach(): void {
    if (!this.#isOpen) throw new LibbpfError("STATE", `object ${this.name} is closed`);
    const made: BpfLink[] = [];
    try {
      for (const program of this.programs.values()) if (program.canAutoattach) made.push(program.attach());
    } catch (error) {
      closeQuietly(made);
      throw error;
    }
    this.#links.push(...made);
  }

  /** Hands a link over: it is closed with the object, or by {@link BpfObject.detach}. */
  own(link: BpfLink): void {
    this.#links.push(link);
  }

  /** Closes all links that the object owns, the newest first. */
  detach(): void {
    closeAll(this.#links.splice(0));
  }

  /** Detaches, and closes programs, maps and BTF. Doing it twice is no error. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeAll([...this.#owned, ...this.#links.splice(0)]);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
