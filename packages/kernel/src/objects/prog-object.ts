import type { MapTraceTarget, TracerProgram } from "@bpf-ts/map-trace";
import type { VerifiedProgram } from "@bpf-ts/uapi";
import type { Executable } from "@bpf-ts/vm";
import type { BtfObject } from "./btf-object.ts";
import type { MapObject } from "./map-object.ts";
import { RefCounted } from "./ref-counted.ts";

/** What a program object is made of. */
export interface ProgParts {
  progType: number;
  expectedAttachType: number;
  name: string;
  gplCompatible: boolean;
  tag: string;
  program: VerifiedProgram;
  usedMaps: readonly MapObject[];
  btf: BtfObject | undefined;
  attachBtfId: number;
  mapTraceTarget: MapTraceTarget | undefined;
}

/** A loaded program. Holds its maps and its BTF. */
export class ProgObject extends RefCounted implements TracerProgram {
  id = 0;
  readonly progType: number;
  readonly expectedAttachType: number;
  readonly name: string;
  readonly gplCompatible: boolean;
  /** First 8 bytes of the digest of its instructions, hex. */
  readonly tag: string;
  readonly program: VerifiedProgram;
  readonly usedMaps: readonly MapObject[];
  readonly btf: BtfObject | undefined;
  readonly attachBtfId: number;
  readonly mapTraceTarget: MapTraceTarget | undefined;
  /** Runs on each CPU: the recursion guard. */
  readonly active: Uint8Array;
  runCount = 0n;
  recursionMisses = 0n;
  /** Set once, right after construction: linking needs the object. */
  executable!: Executable;
  readonly #onDestroy: (object: ProgObject, free: () => void) => void;

  /** @param onDestroy the program can't be reached any more: `free` is to be called once no program runs */
  constructor(parts: ProgParts, cpus: number, onDestroy: (object: ProgObject, free: () => void) => void) {
    super();
    this.progType = parts.progType;
    this.expectedAttachType = parts.expectedAttachType;
    this.name = parts.name;
    this.gplCompatible = parts.gplCompatible;
    this.tag = parts.tag;
    this.program = parts.program;
    this.usedMaps = parts.usedMaps;
    this.btf = parts.btf;
    this.attachBtfId = parts.attachBtfId;
    this.mapTraceTarget = parts.mapTraceTarget;
    this.active = new Uint8Array(cpus);
    this.#onDestroy = onDestroy;
    for (const map of this.usedMaps) map.getRef();
    this.btf?.getRef();
  }

  get maxCtxBufferAccess(): readonly number[] {
    return this.program.maxCtxBufferAccess;
  }

  describe(): string {
    return `program ${this.id} (${this.name})`;
  }

  protected destroy(): void {
    this.#onDestroy(this, () => {
      for (const map of this.usedMaps) map.putRef();
      this.btf?.putRef();
    });
  }
}
