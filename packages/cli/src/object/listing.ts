import type { Btf } from "@bpf-ts/btf";
import { BPF_CALL, BPF_DW, BPF_IMM, BPF_JMP, BPF_LD, decode, formatKernel, formatLlvm, INSN_SIZE } from "@bpf-ts/isa";
import type { FunctionSpec, Reference } from "libbpf-ts";

/** A line of source. */
export interface SourceLine {
  file: string;
  line: number;
  column: number;
  text: string;
}

/** One instruction. */
export interface ListedInsn {
  /** From the function's first. */
  slot: number;
  /** Hex, 8 bytes a slot; an ld_imm64 has two. */
  bytes: string;
  text: string;
  /** Where its source begins; only on the first instruction of a line. */
  source?: SourceLine;
  /** What it refers to. */
  reference?: { kind: Reference["kind"]; name: string; offset?: number };
}

/** A function of an object, disassembled. */
export interface Listing {
  name: string;
  section: string;
  insns: ListedInsn[];
}

/** Functions in the syntax asked for, as they are in the file: what they refer to is named. */
export function listFunctions(
  functions: readonly FunctionSpec[],
  btf: Btf | undefined,
  syntax: "kernel" | "llvm",
): Listing[] {
  return functions.map((fn) => ({ name: fn.name, section: fn.section, insns: listInsns(fn, btf, syntax) }));
}

function listInsns(fn: FunctionSpec, btf: Btf | undefined, syntax: "kernel" | "llvm"): ListedInsn[] {
  const insns = decode(fn.insns);
  const references = new Map(fn.references.map((reference) => [reference.insn, reference]));
  const sources = btf === undefined ? new Map<number, SourceLine>() : sourceLines(fn, btf);
  const listed: ListedInsn[] = [];
  for (let slot = 0; slot < insns.length; ) {
    const { code } = insns[slot]!;
    const slots = code === (BPF_LD | BPF_IMM | BPF_DW) && slot + 1 < insns.length ? 2 : 1;
    const reference = references.get(slot);
    const label = reference === undefined ? undefined : labelOf(reference);
    const isCall = code === (BPF_JMP | BPF_CALL);
    const text =
      syntax === "llvm"
        ? `${formatLlvm(insns, slot)}${label === undefined ? "" : ` <${label}>`}`
        : isCall && label !== undefined
          ? `(85) call ${label}`
          : formatKernel(insns, slot, { imm64: () => label });
    const source = sources.get(slot);
    listed.push({
      slot,
      bytes: Buffer.from(fn.insns.subarray(slot * INSN_SIZE, (slot + slots) * INSN_SIZE)).toString("hex"),
      text,
      ...(source === undefined ? {} : { source }),
      ...(reference === undefined ? {} : { reference: describe(reference) }),
    });
    slot += slots;
  }
  return listed;
}

/** bpftool's way to write what an ld_imm64 refers to, with names for ids. */
function labelOf(reference: Reference): string {
  switch (reference.kind) {
    case "map":
      return `map[name:${reference.name}]`;
    case "map-value":
      return `map[name:${reference.name}][0]+${reference.offset}`;
    case "function":
      return `subprog[${reference.name}]`;
    case "call":
    case "arena":
    case "extern":
      return reference.name;
  }
}

function describe(reference: Reference): { kind: Reference["kind"]; name: string; offset?: number } {
  const { kind, name } = reference;
  return kind === "map-value" ? { kind, name, offset: reference.offset } : { kind, name };
}

/** The lines that begin at instructions of a function. @see v6.18 include/uapi/linux/bpf.h, struct bpf_line_info */
function sourceLines(fn: FunctionSpec, btf: Btf): Map<number, SourceLine> {
  const lines = new Map<number, SourceLine>();
  if (fn.lineInfo === undefined) return lines;
  const { recSize, bytes } = fn.lineInfo;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + recSize <= bytes.length; at += recSize) {
    const lineColumn = view.getUint32(at + 12, true);
    lines.set(view.getUint32(at, true), {
      file: nameAt(btf, view.getUint32(at + 4, true)),
      line: lineColumn >>> 10,
      column: lineColumn & 0x3ff,
      text: nameAt(btf, view.getUint32(at + 8, true)),
    });
  }
  return lines;
}

/** A broken record does not keep the rest from being shown. */
function nameAt(btf: Btf, offset: number): string {
  return offset < btf.stringsEnd ? btf.name(offset) : "";
}
