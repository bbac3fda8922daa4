/**
 * What a `ld_imm64` can load: a 64-bit number, or a reference that the kernel turns into an address.
 *
 * @module
 */
import {
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
} from "@bpf-ts/uapi/pseudo";
import { BPF_DW, BPF_IMM, BPF_LD } from "../opcodes.ts";
import { type Context, type Draft, draft, wideRegister } from "./draft.ts";
import type { Numeral } from "./scanner.ts";

const LD_IMM64: number = BPF_LD | BPF_IMM | BPF_DW;

/** The `ld_imm64` of a number of 64 bits, written signed or unsigned. */
export function wideNumber({ scanner }: Context, dst: number, numeral: Numeral): Draft {
  const value = scanner.within(numeral, "immediate", -(1n << 63n), (1n << 64n) - 1n);
  return draft(LD_IMM64, {
    dst,
    imm: Number(BigInt.asIntN(32, value)),
    next: Number(BigInt.asIntN(32, value >> 32n)),
  });
}

/**
 * Takes `map[fd:5]`, `map[fd:5][0]+8`, `map[idx:0]`, `map[idx:0][0]+8`, `btf[fd:0, id:7]` or `subprog[+3]`. Dumps write `id` for `fd`, and leave
 * out the `[0]` behind an index.
 *
 * @returns undefined, with nothing taken, where the next words are none of them.
 */
export function reference({ scanner }: Context, dst: number): Draft | undefined {
  const found = scanner.match(/(map|btf|subprog)\s*\[/y);
  if (found === undefined) return undefined;
  const insn = draft(LD_IMM64, { dst, next: 0 });
  switch (found[1]) {
    case "btf":
      scanner.expect("fd", ":");
      insn.next = scanner.int32("fd");
      scanner.expect(",", "id", ":");
      insn.imm = scanner.int32("id");
      scanner.expect("]");
      insn.src = BPF_PSEUDO_BTF_ID;
      return insn;
    case "subprog":
      insn.src = BPF_PSEUDO_FUNC;
      if (scanner.atNumber) insn.imm = scanner.distance();
      else insn.label = { name: labelName(scanner), place: scanner.lastPlace, field: "imm" };
      scanner.expect("]");
      return insn;
  }
  const byIndex = scanner.accept("idx");
  if (!byIndex && !scanner.accept("id")) scanner.expect("fd");
  scanner.expect(":");
  insn.imm = scanner.int32(byIndex ? "index" : "fd");
  scanner.expect("]");
  const value = scanner.accept("[");
  if (value) scanner.expect("0", "]");
  const sign = scanner.peek();
  if (value || sign === "+" || sign === "-") {
    if (sign !== "+" && sign !== "-") throw scanner.expected("an offset such as +0");
    // bpftool writes negative offsets with both signs.
    scanner.accept("+");
    insn.next = scanner.int32("offset");
    insn.src = byIndex ? BPF_PSEUDO_MAP_IDX_VALUE : BPF_PSEUDO_MAP_VALUE;
  } else {
    insn.src = byIndex ? BPF_PSEUDO_MAP_IDX : BPF_PSEUDO_MAP_FD;
  }
  return insn;
}

/** LLVM's `ld_pseudo r1, 1, 5`, behind its name: the kind of reference and the lower half as numbers; the upper half is zero. */
export function ldPseudo(context: Context): Draft {
  const { scanner } = context;
  const dst = wideRegister(context);
  scanner.expect(",");
  const src = Number(scanner.integer("kind", 0n, 15n));
  scanner.expect(",");
  const value = scanner.integer("immediate", -(1n << 63n), (1n << 64n) - 1n);
  return draft(LD_IMM64, { dst, src, imm: Number(BigInt.asIntN(32, value)), next: 0 });
}

/** Takes the name of a label. */
export function labelName(scanner: Context["scanner"]): string {
  const name = scanner.peek();
  if (!/^[A-Za-z_.$]/u.test(name)) throw scanner.expected("a label");
  return scanner.take();
}

/** Takes `1f` or `1b`, the next or the last label `1:` from here; undefined, with nothing taken, where the next word is none. */
export function localLabel(scanner: Context["scanner"]): string | undefined {
  return scanner.match(/\d+[fb](?!\w)/y)?.[0];
}
