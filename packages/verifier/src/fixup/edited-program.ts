import { BPF_CALL, BPF_CLASS, BPF_EXIT, BPF_JA, BPF_JMP, BPF_JMP32, BPF_OP, encode, type Insn } from "@bpf-ts/isa";
import { BPF_PSEUDO_CALL } from "@bpf-ts/uapi/pseudo";
import { verifierBug } from "../reject.ts";

/** Largest distance of a jump whose offset has 16 bits. */
const MAX_OFF = 0x7fff;
const MIN_OFF = -0x8000;

/** A program put together again after its slots were edited. */
export interface Assembled {
  readonly bytes: Uint8Array;
  /** The original slot of each new one. */
  readonly origin: Uint32Array;
  /** New position of an original slot; for a removed one, of what follows it. The number of slots stands for the end. */
  readonly position: (slot: number) => number;
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
  /** The instruction as it is now, where it differs; a jump's target stays that of `targetOf`. */
  readonly #changed = new Map<number, Insn>();
  readonly #replaced = new Map<number, readonly Insn[]>();

  constructor(insns: readonly Insn[]) {
    this.#original = insns;
  }

  /** Changes one slot without moving others. Its jump target, if it has one, stays. */
  change(slot: number, insn: Insn): void {
    this.#changed.set(slot, insn);
  }

  replace(slot: number, insns: readonly Insn[]): void {
    this.#replaced.set(slot, insns);
  }

  remove(slot: number): void {
    this.#replaced.set(slot, []);
  }

  isRemoved(slot: number): boolean {
    return this.#replaced.get(slot)?.length === 0;
  }

  /** The instruction of a slot as edited, undefined if it was replaced or removed. */
  at(slot: number): Insn | undefined {
    if (this.#replaced.size > 0 && this.#replaced.has(slot)) return undefined;
    return (this.#changed.size > 0 ? this.#changed.get(slot) : undefined) ?? this.#original[slot];
  }

  /** Whether nothing is left between a slot and its target: the jump does nothing. */
  skipsNothing(slot: number, target: number): boolean {
    for (let i = slot + 1; i < target; i++) if (!this.isRemoved(i)) return false;
    return target > slot;
  }

  /** @param source the program's bytes before all edits. */
  assemble(source: Uint8Array): Assembled {
    return this.#replaced.size === 0 ? this.#assembleInPlace(source) : this.#assembleAnew(source);
  }

  /** No slot has moved. */
  #assembleInPlace(source: Uint8Array): Assembled {
    const bytes = source.slice();
    for (const [slot, insn] of this.#changed) bytes.set(encode([insn]), slot * 8);
    const origin = new Uint32Array(this.#original.length);
    for (let i = 0; i < origin.length; i++) origin[i] = i;
    return { bytes, origin, position: (slot) => slot, outOfRange: -1 };
  }

  #assembleAnew(source: Uint8Array): Assembled {
    const count = this.#original.length;
    const positions = new Int32Array(count + 1);
    let length = 0;
    for (let i = 0; i < count; i++) {
      positions[i] = length;
      length += this.#replaced.get(i)?.length ?? 1;
    }
    positions[count] = length;
    const bytes = new Uint8Array(length * 8);
    const origin = new Uint32Array(length);
    let outOfRange = -1;
    let at = 0;
    for (let i = 0; i < count; i++) {
      const replacement = this.#replaced.get(i);
      if (replacement !== undefined) {
        bytes.set(encode(replacement), at * 8);
        origin.fill(i, at, at + replacement.length);
        at += replacement.length;
        continue;
      }
      origin[at] = i;
      const changed = this.#changed.get(i);
      const insn = changed ?? this.#original[i]!;
      const target = targetOf(insn, i);
      if (target === undefined && changed === undefined) {
        bytes.set(source.subarray(i * 8, i * 8 + 8), at * 8);
      } else if (target === undefined) {
        bytes.set(encode([insn]), at * 8);
      } else {
        const distance = positions[target]! - at - 1;
        if (!reaches(insn, distance) && outOfRange < 0) outOfRange = i;
        else bytes.set(encode([withDistance(insn, distance)]), at * 8);
      }
      at++;
    }
    if (at !== length) verifierBug(`assembled ${at} slots of ${length}`);
    return { bytes, origin, position: (slot) => positions[slot]!, outOfRange };
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
