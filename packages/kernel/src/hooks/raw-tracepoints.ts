import type { Memory } from "@bpf-ts/memory";
import type { ProgObject } from "../objects/prog-object.ts";
import type { ProgramRunner } from "../run/program-runner.ts";
import type { Scratch } from "../scratch.ts";

const WORD = 8;

/** The raw tracepoints of this kernel and the programs attached to them, in order of attachment. */
export class RawTracepoints {
  readonly #memory: Memory;
  readonly #scratch: Scratch;
  readonly #runner: ProgramRunner;
  readonly #attached: Map<string, readonly ProgObject[]>;

  constructor(parts: { memory: Memory; scratch: Scratch; runner: ProgramRunner }, names: readonly string[]) {
    this.#memory = parts.memory;
    this.#scratch = parts.scratch;
    this.#runner = parts.runner;
    this.#attached = new Map(names.map((name) => [name, []]));
  }

  has(name: string): boolean {
    return this.#attached.has(name);
  }

  attach(name: string, prog: ProgObject): void {
    this.#attached.set(name, [...this.#attached.get(name)!, prog]);
  }

  detach(name: string, prog: ProgObject): void {
    const list = this.#attached.get(name)!;
    const at = list.indexOf(prog);
    if (at < 0) throw new Error(`${prog.describe()} is not attached to ${name}`);
    this.#attached.set(name, list.toSpliced(at, 1));
  }

  /** The tracepoint is passed. Arguments are unsigned 64 bit. */
  fire(name: string, cpu: number, args: readonly bigint[]): void {
    const progs = this.#attached.get(name)!;
    if (progs.length === 0) return;
    this.#scratch.with(args.length * WORD, (ctx) => {
      for (const [i, arg] of args.entries()) this.#memory.dataView.setBigUint64(ctx + i * WORD, arg, true);
      for (const prog of progs) this.#runner.runGuarded(prog, ctx, cpu);
    });
  }
}
