import type { Btf } from "@bpf-ts/btf";
import type { Bpf } from "@bpf-ts/uapi";
import type { BpfObject } from "../load/bpf-object.ts";
import { type LoadOptions, loadObject } from "../load/load-object.ts";
import type { MemberName } from "../typed/value-types.ts";
import type { MapSpec } from "./map-spec.ts";
import { pick } from "./pick.ts";
import type { FunctionSpec, ProgramSpec } from "./program-spec.ts";
import type { VariableSpec } from "./variable-spec.ts";

/** What {@link ObjectSpec} is made of. */
export interface ObjectParts {
  name: string;
  license: string;
  kernVersion: number;
  btf: Btf | undefined;
  memberName: MemberName | undefined;
  maps: ReadonlyMap<string, MapSpec>;
  variables: ReadonlyMap<string, VariableSpec>;
  programs: ReadonlyMap<string, ProgramSpec>;
  functions: ReadonlyMap<string, FunctionSpec>;
  notLoadable: readonly { feature: string; detail: string }[];
  warnings: readonly string[];
}

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
  /** The object's types, with sizes and offsets of its data sections filled in; undefined without any. */
  readonly btf: Btf | undefined;
  /** Names of struct members in JavaScript values, from those in C; undefined: the same. */
  readonly memberName: MemberName | undefined;
  /** In order of declaration, by declared name: legacy maps, BTF-defined ones, sections of global data. */
  readonly maps: ReadonlyMap<string, MapSpec>;
  /** Global variables, by name. */
  readonly variables: ReadonlyMap<string, VariableSpec>;
  /** In file order, by C function name. */
  readonly programs: ReadonlyMap<string, ProgramSpec>;
  /** Every function of the object, programs and subprograms. */
  readonly functions: ReadonlyMap<string, FunctionSpec>;
  /** What the object needs and {@link ObjectSpec.load} refuses because of. */
  readonly notLoadable: readonly { feature: string; detail: string }[];
  /** What was ignored while it was read. */
  readonly warnings: readonly string[];

  /** Specs come from {@link openObject}. */
  constructor(parts: ObjectParts) {
    this.name = parts.name;
    this.license = parts.license;
    this.kernVersion = parts.kernVersion;
    this.btf = parts.btf;
    this.memberName = parts.memberName;
    this.maps = parts.maps;
    this.variables = parts.variables;
    this.programs = parts.programs;
    this.functions = parts.functions;
    this.notLoadable = parts.notLoadable;
    this.warnings = parts.warnings;
  }

  /** By declared name; of global data the section's. @throws LibbpfError NOT_FOUND */
  map(name: string): MapSpec {
    return pick(this.maps, name, `map in ${this.name}`);
  }

  /** @throws LibbpfError NOT_FOUND */
  variable(name: string): VariableSpec {
    return pick(this.variables, name, `global variable in ${this.name}`);
  }

  /** @throws LibbpfError NOT_FOUND */
  program(name: string): ProgramSpec {
    return pick(this.programs, name, `program in ${this.name}`);
  }

  /**
   * Creates the maps, relocates and loads the programs. If anything fails, everything that was made is closed again.
   *
   * @throws LibbpfError LOAD, EXTERN_UNRESOLVED, SECTION_UNKNOWN …, with the kernel's errno and its error as `cause` where it refused something
   * @throws UnsupportedError pinned maps, externs, CO-RE relocations, struct_ops maps, arenas, and what the kernel does not support
   */
  load(bpf: Bpf, options: LoadOptions = {}): BpfObject {
    return loadObject(this, bpf, options);
  }
}
