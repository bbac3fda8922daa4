import type { KernelFunctionDef } from "../kernel-btf/functions.ts";
import type { ProgObject } from "../objects/prog-object.ts";

/** Where around a function a program runs. */
export type FunctionHook = "kprobe" | "kretprobe" | "fentry" | "fmod_ret" | "fexit";

/** A function of this kernel and the programs attached to it, each list in order of attachment. */
export class KernelFunction {
  readonly def: KernelFunctionDef;
  /** A made-up address: what `ip` shows. Different for each function, mapped nowhere. */
  readonly address: bigint;
  readonly hooks: Readonly<Record<FunctionHook, ProgObject[]>> = {
    kprobe: [],
    kretprobe: [],
    fentry: [],
    fmod_ret: [],
    fexit: [],
  };
  #attached = 0;

  constructor(def: KernelFunctionDef, address: bigint) {
    this.def = def;
    this.address = address;
  }

  /** No program is attached anywhere. */
  get isBare(): boolean {
    return this.#attached === 0;
  }

  attach(hook: FunctionHook, prog: ProgObject): void {
    this.hooks[hook].push(prog);
    this.#attached++;
  }

  /** Takes one attachment of the program away. */
  detach(hook: FunctionHook, prog: ProgObject): void {
    const list = this.hooks[hook];
    const at = list.indexOf(prog);
    if (at < 0) throw new Error(`${prog.describe()} is not attached to ${this.def.name} (${hook})`);
    list.splice(at, 1);
    this.#attached--;
  }

  /** Puts `next` in the place of `current`, for link updates. */
  replace(hook: FunctionHook, current: ProgObject, next: ProgObject): void {
    const list = this.hooks[hook];
    list[list.indexOf(current)] = next;
  }
}
