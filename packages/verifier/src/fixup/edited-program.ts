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
}

/**
 * A program under edit: each original slot is kept, replaced by any number of instructions, or removed. Jumps and calls of kept slots are measured
 * again when the program is assembled; replacements carry their own, relative to themselves, and leave by falling through. A jump whose target has
 * moved out of the reach of its 16 bits becomes a gotol, or goes by way of one:
 *
 * ```text
 *   if … goto +1
 *   goto +1
 *   gotol target
 * ```
 *
 * Sound because a jump's target is an original slot whatever happens to the slots between: it is looked up after all edits, so the order of edits
 * does not matter and no edit sees another's offsets. A long jump may push others out of reach; each round makes at least one more of them long,
 * so there are no more rounds than jumps.
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
    return { bytes, origin, position: (slot) => slot };
  }

  #assembleAnew(source: Uint8Array): Assembled {
    const count = this.#original.length;
    const { positions, long } = this.#layOut();
    const length = positions[count]!;
    const bytes = new Uint8Array(length * 8);
    const origin = new Uint32Array(length);
    let at = 0;
    const put = (slot: number, insns: readonly Insn[]): void => {
      bytes.set(encode(insns), at * 8);
      origin.fill(slot, at, at + insns.length);
      at += insns.length;
    };
    for (let i = 0; i < count; i++) {
      const replacement = this.#replaced.get(i);
      const changed = this.#changed.get(i);
      const insn = changed ?? this.#original[i]!;
      const target = replacement === undefined ? targetOf(insn, i) : undefined;
      if (replacement !== undefined) {
        put(i, replacement);
      } else if (target !== undefined) {
        const to = positions[target]!;
        put(i, long.has(i) ? longJump(insn, to - at - 1) : [withDistance(insn, to - at - 1)]);
      } else if (changed !== undefined) {
        put(i, [changed]);
      } else {
        bytes.set(source.subarray(i * 8, i * 8 + 8), at * 8);
        origin[at++] = i;
      }
    }
    if (at !== length) verifierBug(`assembled ${at} slots of ${length}`);
    return { bytes, origin, position: (slot) => positions[slot]! };
  }

  /** Where each original slot, and the end, comes to lie; and which slots hold jumps that have to be long. */
  #layOut(): { positions: Int32Array; long: ReadonlySet<number> } {
    const count = this.#original.length;
    const positions = new Int32Array(count + 1);
    const long = new Set<number>();
    const kept = (slot: number): Insn | undefined =>
      this.#replaced.has(slot) ? undefined : (this.#changed.get(slot) ?? this.#original[slot]!);
    for (;;) {
      let length = 0;
      for (let i = 0; i < count; i++) {
        positions[i] = length;
        length += long.has(i) ? longLength(kept(i)!) : (this.#replaced.get(i)?.length ?? 1);
      }
      positions[count] = length;
      // A program that is no longer than a jump reaches has none that doesn't.
      if (length <= MAX_OFF) return { positions, long };
      const known = long.size;
      for (let i = 0; i < count; i++) {
        const insn = kept(i);
        const target = insn === undefined || long.has(i) ? undefined : targetOf(insn, i);
        if (target !== undefined && !reaches(insn!, positions[target]! - positions[i]! - 1)) long.add(i);
      }
      if (long.size === known) return { positions, long };
    }
  }
}

/** Slots of a long jump: a plain one needs no way round. */
function longLength(insn: Insn): number {
  return insn.code === (BPF_JMP | BPF_JA) ? 1 : 3;
}

/** @param distance from the instruction behind the jump's first one */
function longJump(insn: Insn, distance: number): Insn[] {
  const gotol: Insn = { code: BPF_JMP32 | BPF_JA, dst: 0, src: 0, off: 0, imm: distance };
  if (longLength(insn) === 1) return [gotol];
  const over: Insn = { code: BPF_JMP | BPF_JA, dst: 0, src: 0, off: 1, imm: 0 };
  return [{ ...insn, off: 1 }, over, { ...gotol, imm: distance - 2 }];
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
