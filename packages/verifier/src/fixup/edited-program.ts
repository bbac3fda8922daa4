import { BPF_CALL, BPF_CLASS, BPF_EXIT, BPF_JA, BPF_JMP, BPF_JMP32, BPF_OP, type Insn } from "@bpf-ts/isa";
import { BPF_PSEUDO_CALL } from "@bpf-ts/uapi/pseudo";
import { verifierBug } from "../reject.ts";

/** Largest distance of a jump whose offset has 16 bits. */
const MAX_OFF = 0x7fff;
const MIN_OFF = -0x8000;

/** A program put together again after its slots were edited. */
export interface Assembled {
  readonly insns: readonly Insn[];
  /** The original slot of each new one. */
  readonly origin: Uint32Array;
  /** New position of each original slot; for a removed one, of what follows it. One more entry than slots. */
  readonly positions: Int32Array;
  /** Original slot of the first jump that does not reach its target any more, -1 if all do. */
  readonly outOfRange: number;
}

/**
 * A program under edit: each original slot is kept, replaced by any number of instructions, or removed. Jumps and calls of kept slots are measured
 * again when the program is assembled; replacements carry their own, relative to themselves, and leave by falling through.
 *
 * Sound because a jump's target is an original slot whatever happens to the slots between: it is looked up after all edits, so the order of edits
 * does not matter and no edit sees another's offsets.
 */
export class EditedProgram {
  readonly #original: readonly Insn[];
  /** The instruction as it is now; a kept jump's target stays that of `targetOf`. */
  readonly #kept: Insn[];
  readonly #replaced: (readonly Insn[] | undefined)[];

  constructor(insns: readonly Insn[]) {
    this.#original = insns;
    this.#kept = [...insns];
    this.#replaced = new Array<readonly Insn[] | undefined>(insns.length).fill(undefined);
  }

  /** Changes one slot without moving others. Its jump target, if it has one, stays. */
  change(slot: number, insn: Insn): void {
    this.#kept[slot] = insn;
  }

  replace(slot: number, insns: readonly Insn[]): void {
    this.#replaced[slot] = insns;
  }

  remove(slot: number): void {
    this.#replaced[slot] = [];
  }

  isRemoved(slot: number): boolean {
    return this.#replaced[slot]?.length === 0;
  }

  /** The instruction of a slot as edited, undefined if it was replaced or removed. */
  at(slot: number): Insn | undefined {
    return this.#replaced[slot] === undefined ? this.#kept[slot] : undefined;
  }

  /** The original slot that a kept jump or call leads to, undefined for others. */
  targetOf(slot: number): number | undefined {
    const insn = this.at(slot);
    return insn === undefined ? undefined : targetOf(insn, slot);
  }

  /** Whether nothing is left between a slot and its target: the jump does nothing. */
  skipsNothing(slot: number, target: number): boolean {
    for (let i = slot + 1; i < target; i++) if (!this.isRemoved(i)) return false;
    return target > slot;
  }

  assemble(): Assembled {
    const count = this.#original.length;
    const positions = new Int32Array(count + 1);
    let length = 0;
    for (let i = 0; i < count; i++) {
      positions[i] = length;
      length += this.#replaced[i]?.length ?? 1;
    }
    positions[count] = length;
    const insns: Insn[] = [];
    const origin = new Uint32Array(length);
    let outOfRange = -1;
    for (let i = 0; i < count; i++) {
      const replacement = this.#replaced[i];
      if (replacement !== undefined) {
        origin.fill(i, insns.length, insns.length + replacement.length);
        insns.push(...replacement);
        continue;
      }
      origin[insns.length] = i;
      const insn = this.#kept[i]!;
      const target = targetOf(insn, i);
      if (target === undefined) insns.push(insn);
      else {
        const distance = positions[target]! - insns.length - 1;
        if (!reaches(insn, distance) && outOfRange < 0) outOfRange = i;
        insns.push(withDistance(insn, distance));
      }
    }
    if (insns.length !== length) verifierBug(`assembled ${insns.length} slots of ${length}`);
    return { insns, origin, positions, outOfRange };
  }
}

/** gotol and calls of subprograms keep their distance in `imm`. */
function distanceIsImm(insn: Insn): boolean {
  return insn.code === (BPF_JMP32 | BPF_JA) || insn.code === (BPF_JMP | BPF_CALL);
}

function targetOf(insn: Insn, slot: number): number | undefined {
  const cls = BPF_CLASS(insn.code);
  if (cls !== BPF_JMP && cls !== BPF_JMP32) return undefined;
  const op = BPF_OP(insn.code);
  if (op === BPF_EXIT) return undefined;
  if (op === BPF_CALL) return insn.src === BPF_PSEUDO_CALL ? slot + 1 + insn.imm : undefined;
  return slot + 1 + (distanceIsImm(insn) ? insn.imm : insn.off);
}

function reaches(insn: Insn, distance: number): boolean {
  return distanceIsImm(insn) || (distance >= MIN_OFF && distance <= MAX_OFF);
}

function withDistance(insn: Insn, distance: number): Insn {
  return distanceIsImm(insn) ? { ...insn, imm: distance } : { ...insn, off: distance };
}
