import { typeName, type ValType } from "./types.ts";

/** Where a branch may go: the end of a block or an `if`, the start of a loop, the end of the function. Good while that block is open. */
export interface Label {
  /** Blocks that are open around this one; the function's own label has 0. */
  readonly depth: number;
}

/** An open block. */
export interface Frame extends Label {
  kind: "function" | "block" | "loop" | "if" | "else";
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  /** Operands below those of the block. */
  readonly height: number;
  /** Behind an unconditional branch: what follows never runs and may pop what was never pushed. */
  dead: boolean;
}

/** What a branch to this block takes with it. */
export function labelTypes(frame: Frame): readonly ValType[] {
  return frame.kind === "loop" ? frame.params : frame.results;
}

/** An operand of code that never runs: of whatever type is wanted. */
const ANY = 0;

/**
 * The operands' types while a function is written, by the standard's algorithm. A mismatch is told to `fail`, which must throw.
 *
 * @see WebAssembly Core Specification, appendix "Validation Algorithm"
 */
export class OperandStack {
  readonly #types: number[] = [];
  readonly #fail: (message: string) => never;

  constructor(fail: (message: string) => never) {
    this.#fail = fail;
  }

  get height(): number {
    return this.#types.length;
  }

  push(type: number): void {
    this.#types.push(type);
  }

  pushAll(types: readonly ValType[]): void {
    for (const type of types) this.#types.push(type);
  }

  /** Takes one operand of the type `wanted`, 0 for any. */
  pop(wanted: number, frame: Frame): number {
    const types = this.#types;
    if (types.length === frame.height) {
      if (frame.dead) return wanted;
      this.#fail(`takes ${typeName(wanted)}, the stack of this ${frame.kind} is empty`);
    }
    const got = types.pop()!;
    if (got !== wanted && got !== ANY && wanted !== ANY)
      this.#fail(`takes ${typeName(wanted)}, ${typeName(got)} is on the stack`);
    return got === ANY ? wanted : got;
  }

  popAll(types: readonly ValType[], frame: Frame): void {
    for (let i = types.length - 1; i >= 0; i--) this.pop(types[i]!, frame);
  }

  /** A branch that may not be taken: the operands must be there and stay. In dead code those that are not stay unknown. */
  peekAll(types: readonly ValType[], frame: Frame): void {
    for (let i = types.length - 1, at = this.#types.length - 1; i >= 0; i--, at--) {
      if (at >= frame.height) {
        const got = this.#types[at]!;
        if (got !== ANY && got !== types[i])
          this.#fail(`takes ${typeName(types[i]!)}, ${typeName(got)} is on the stack`);
      } else if (!frame.dead) this.#fail(`takes ${typeName(types[i]!)}, the stack of this ${frame.kind} is empty`);
    }
  }

  /** Nothing behind this runs. */
  die(frame: Frame): void {
    this.#types.length = frame.height;
    frame.dead = true;
  }

  /** The block ends: its results are there and nothing else. */
  close(frame: Frame): void {
    this.popAll(frame.results, frame);
    const left = this.#types.length - frame.height;
    if (left > 0)
      this.#fail(`leaves ${left} more ${left === 1 ? "value" : "values"} than the ${frame.kind}'s type says`);
  }
}
