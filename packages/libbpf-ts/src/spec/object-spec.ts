import type { Bpf } from "@bpf-ts/uapi";
import type { BpfObject } from "../load/bpf-object.ts";
import { type LoadOptions, loadObject } from "../load/load-object.ts";
import type { MapSpec } from "./map-spec.ts";
import { pick } from "./pick.ts";
import type { FunctionSpec, ProgramSpec } from "./program-spec.ts";

/**
 * An object file, read: what it declares, with no kernel in sight. The same bytes give the same spec on every machine. Edit it, then load it, as
 * often and into as many kernels as you like.
 */
export class ObjectSpec {
  readonly name: string;
  /** From section `license`; '' without one. */
  license: string;
  /** From section `version`; 0 without one. */
  kernVersion: number;
  /** BTF of the object with sizes and offsets of its data sections filled in; undefined without one. */
  readonly btf: Uint8Array | undefined;
  /** In order of declaration, by declared name. */
  readonly maps: ReadonlyMap<string, MapSpec>;
  /** In file order, by C function name. */
  readonly programs: ReadonlyMap<string, ProgramSpec>;
  /** Every function of the object, programs and subprograms. */
  readonly functions: ReadonlyMap<string, FunctionSpec>;

  constructor(parts: {
    name: string;
    license: string;
    kernVersion: number;
    btf: Uint8Array | undefined;
    maps: ReadonlyMap<string, MapSpec>;
    programs: ReadonlyMap<string, ProgramSpec>;
    functions: ReadonlyMap<string, FunctionSpec>;
  }) {
    this.name = parts.name;
    this.license = parts.license;
    this.kernVersion = parts.kernVersion;
    this.btf = parts.btf;
    this.maps = parts.maps;
    this.programs = parts.programs;
    this.functions = parts.functions;
  }

  /** @throws LibbpfError NOT_FOUND */
  map(name: string): MapSpec {
    return pick(this.maps, name, `map in ${this.name}`);
  }

  /** @throws LibbpfError NOT_FOUND */
  program(name: string): ProgramSpec {
    return pick(this.programs, name, `program in ${this.name}`);
  }

  /**
   * Creates the maps, relocates and loads the programs. If anything fails, everything that was made is closed again.
   *
   * @throws LibbpfError LOAD, EXTERN_UNRESOLVED; BpfError with the kernel's errno as `cause`
   */
  load(bpf: Bpf, options: LoadOptions = {}): BpfObject {
    return loadObject(this, bpf, options);
  }
}
