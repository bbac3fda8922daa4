import type { Bpf } from "@bpf-ts/uapi";
import { LibbpfError } from "../error.ts";
import { pick } from "../spec/pick.ts";
import type { BpfLink } from "./bpf-link.ts";
import type { BpfMap } from "./bpf-map.ts";
import type { BpfProgram } from "./bpf-program.ts";

/** A loaded object: owns its maps, programs, and the links that {@link BpfObject.attach} made. */
export class BpfObject implements Disposable {
  readonly name: string;
  readonly #bpf: Bpf;
  readonly maps: ReadonlyMap<string, BpfMap>;
  readonly programs: ReadonlyMap<string, BpfProgram>;
  /** What went less well than the object asked for, e.g. BTF that the kernel refused. */
  readonly warnings: readonly string[];
  readonly #owned: number[];
  readonly #links: BpfLink[] = [];
  #isOpen = true;

  constructor(
    name: string,
    bpf: Bpf,
    maps: ReadonlyMap<string, BpfMap>,
    programs: ReadonlyMap<string, BpfProgram>,
    owned: number[],
    warnings: readonly string[],
  ) {
    this.name = name;
    this.#bpf = bpf;
    this.maps = maps;
    this.programs = programs;
    this.#owned = owned;
    this.warnings = warnings;
  }

  /** By the name that the object declares. @throws LibbpfError NOT_FOUND */
  map(name: string): BpfMap {
    return pick(this.maps, name, `map in ${this.name}`);
  }

  /** @throws LibbpfError NOT_FOUND */
  program(name: string): BpfProgram {
    return pick(this.programs, name, `program in ${this.name}`);
  }

  /** Links that the object owns, in order of attachment. */
  get links(): readonly BpfLink[] {
    return this.#links;
  }

  /**
   * Attaches every program whose section says where to, in file order. If one fails, those attached before are detached again.
   *
   * @throws LibbpfError ATTACH; BpfError with the kernel's errno
   */
  attach(): void {
    if (!this.#isOpen) throw new LibbpfError("STATE", `object ${this.name} is closed`);
    const made: BpfLink[] = [];
    try {
      for (const program of this.programs.values()) {
        const kind = program.spec.sectionDef?.attach ?? "none";
        if (!program.spec.autoattach || kind === "none") continue;
        // As libbpf: a program whose section leaves the target open is skipped.
        if (program.spec.attachTarget === "" && kind !== "iter") continue;
        if (kind === "iter" && program.spec.attachTarget === "bpf_map_elem") continue;
        made.push(program.attach());
      }
    } catch (error) {
      for (const link of made.reverse()) link.close();
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
    for (const link of this.#links.splice(0).reverse()) link.close();
  }

  /** Detaches, and closes programs, maps and BTF. Doing it twice is no error. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.detach();
    for (const fd of this.#owned.reverse()) this.#bpf.close(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
