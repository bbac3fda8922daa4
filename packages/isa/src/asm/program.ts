/**
 * From text to instructions: lines, comments, labels, and what logs put in front of an instruction.
 *
 * @module
 */
import { helperIdByName } from "@bpf-ts/uapi/names";
import { BPF_PSEUDO_CALL } from "@bpf-ts/uapi/pseudo";
import type { Insn } from "../insn.ts";
import { hex8 } from "../text/operators.ts";
import { PartialSlot } from "./data.ts";
import { asRegister, type Context, type Draft, type LabelUse } from "./draft.ts";
import { type Place, syntaxError } from "./place.ts";
import { Scanner } from "./scanner.ts";
import { statement } from "./statement.ts";

/** A label: the slot it names, and where it stands. */
interface Label {
  readonly slot: number;
  readonly place: Place;
}

/** A use of a label that waits for the end of the text. */
interface Fixup {
  readonly slot: number;
  readonly use: LabelUse;
}

/**
 * Assembles the program written in the syntax of the kernel's log: what {@link formatKernel} prints, with or without the opcode in front, and what
 * `bpftool prog dump xlated` and a log's "Live regs before insn" print around it (`1  12: 01........ (bf) r6 = r1`; the slot's number must be right).
 *
 * - Labels: `name:` in front of an instruction; `goto name`, `if r1 == 0 goto name`, `call name`, `r1 = subprog[name]`.
 * - Calls: `call bpf_ktime_get_ns` (by name), `call bpf_map_lookup_elem#1`, `call pc+3`, `call some_kfunc#1234`.
 * - Immediates of 64 bits: `r1 = 0x123456789 ll`, `r1 = map[fd:5]`, `map[fd:5][0]+8`, `map[idx:0]`, `map[idx:0][0]+8`, `btf[fd:0, id:7]`, `subprog[+3]`.
 * - Fields that the text has no place for: `call some_kfunc#1234 {off=1}`. Slots as data: `.8byte 0x95`.
 * - Comments: from `;` or `//` to the end of the line.
 *
 * Whether the instructions are valid is not checked: see `insnProblem`.
 *
 * @throws {IsaError} `ISA_SYNTAX`, `ISA_RANGE`, `ISA_LABEL`; the message starts with `line:column: `, both from 1, also in `details`.
 */
export function assembleKernel(text: string): Insn[] {
  return assemble(text.replace(/(?:;|\/\/).*/gu, ""), true);
}

/**
 * Assembles a program in LLVM's syntax, as `clang -S` and llvm-objdump print it: one instruction a line or several with `;` between them, labels,
 * comments (from `#` or `//` to the end of the line, or in C's form). Directives other than `.8byte` and `.quad` are refused. A call of a label is a call of a subprogram, and
 * `r1 = label ll` its address; what `{src=2, off=1}` behind an instruction says wins over its text.
 *
 * Whether the instructions are valid is not checked: see `insnProblem`.
 *
 * @throws {IsaError} `ISA_SYNTAX`, `ISA_RANGE`, `ISA_LABEL`; the message starts with `line:column: `, both from 1, also in `details`.
 */
export function assembleLlvm(text: string): Insn[] {
  // In characters such as '#' nothing starts a comment.
  const blank = (found: string): string => (found.startsWith("'") ? found : found.replace(/[^\n]/gu, " "));
  return assemble(text.replace(/'(?:\\.|[^\\'\n])'|\/\*[\s\S]*?\*\/|(?:#|\/\/).*/gu, blank), false);
}

function assemble(text: string, kernel: boolean): Insn[] {
  const insns: Draft[] = [];
  const labels = new Map<string, Label[]>();
  const fixups: Fixup[] = [];
  const data = new PartialSlot();
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const scanner = new Scanner(lines[i]!, i + 1, kernel);
    while (!scanner.done) {
      if (!kernel && scanner.accept(";")) continue;
      const slots = kernel ? undefined : data.directive(scanner);
      if (slots === undefined) {
        data.finish();
        if (label(scanner, kernel, labels, insns.length)) continue;
        const slot = insns.length;
        const insn = instruction(scanner, kernel, slot);
        if (insn.label !== undefined) fixups.push({ slot, use: insn.label });
        insns.push(insn);
        if (insn.next !== undefined) insns.push({ code: 0, dst: 0, src: 0, off: 0, imm: insn.next });
      } else {
        insns.push(...slots);
      }
      if (!scanner.done && (kernel || scanner.peek() !== ";")) throw scanner.expected("the end of the line");
    }
  }
  data.finish();
  for (const { slot, use } of fixups) resolve(insns[slot]!, slot, use, labels);
  return insns.map(({ code, dst, src, off, imm }) => ({ code, dst, src, off, imm }));
}

/** Takes a label, if there is one. LLVM's labels that are numbers may stand there more than once. */
function label(scanner: Scanner, kernel: boolean, labels: Map<string, Label[]>, slot: number): boolean {
  const found = scanner.match(kernel ? /([A-Za-z_.$][\w.$]*)\s*:/y : /([A-Za-z_.$][\w.$]*|\d+)\s*:/y);
  if (found === undefined) return false;
  const name = localName(found[1]!);
  const place = scanner.lastPlace;
  const before = labels.get(name);
  if (/^\d/u.test(name)) {
    if (before === undefined) labels.set(name, [{ slot, place }]);
    else before.push({ slot, place });
    return true;
  }
  if (before !== undefined)
    throw syntaxError(place, `label "${name}" stands in line ${before[0]!.place.line} too`, "ISA_LABEL");
  if (asRegister(kernel ? name : name.toLowerCase(), kernel)) {
    throw syntaxError(place, `"${name}" is a register`, "ISA_LABEL");
  }
  labels.set(name, [{ slot, place }]);
  return true;
}

/** The name of a label, without zeros in front where it is a number. */
function localName(name: string): string {
  return name.replace(/^0+(?=\d)/u, "");
}

/** Where a label is, seen from the instruction at `slot`: `1f` is the first `1:` behind it, `1b` the last one that is not. */
function find(labels: Map<string, Label[]>, name: string, slot: number): Label | undefined {
  if (!/^\d/u.test(name)) return labels.get(name)?.[0];
  const list = labels.get(localName(name.slice(0, -1))) ?? [];
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.slot <= slot) low = middle + 1;
    else high = middle;
  }
  return list[name.endsWith("f") ? low : low - 1];
}

/** Takes one instruction with what may stand in front and behind. */
function instruction(scanner: Scanner, kernel: boolean, slot: number): Draft {
  let opcode: number | undefined;
  if (kernel) {
    const index = scanner.match(/(?:\d+\s+)?(\d+):/y);
    if (index !== undefined && Number(index[1]) !== slot) {
      throw scanner.wrong(`this is insn ${slot}, the text says ${index[1]}`);
    }
    scanner.match(/[\d.]{10}(?=\s*\()/y);
    const prefix = scanner.match(/\(([\da-f]{2})\)/y);
    if (prefix !== undefined) opcode = Number.parseInt(prefix[1]!, 16);
  }
  const place = scanner.place;
  const context: Context = { scanner, kernel, opcode };
  const insn = statement(context);
  overrides(scanner, insn);
  if (opcode !== undefined && insn.code !== opcode) {
    throw syntaxError(place, `this is opcode ${hex8(insn.code)}, the text says ${hex8(opcode)}`);
  }
  return insn;
}

/** Takes `{src=2, off=1}`. */
function overrides(scanner: Scanner, insn: Draft): void {
  while (scanner.accept("{")) {
    do {
      const field = scanner.peek();
      const value = (min: number, max: number): number => {
        scanner.take();
        scanner.expect("=");
        return Number(scanner.integer(field, BigInt(min), BigInt(max)));
      };
      if (field === "dst" || field === "src") insn[field] = value(0, 15);
      else if (field === "off") insn.off = value(-0x8000, 0x7fff);
      else if (field === "imm") insn.imm = value(-0x8000_0000, 0x7fff_ffff);
      else if (field === "next" && insn.next !== undefined) insn.next = value(-0x8000_0000, 0x7fff_ffff);
      else throw scanner.expected(`a field: dst, src, off or imm${insn.next === undefined ? "" : ", next"}`);
    } while (scanner.accept(","));
    scanner.expect("}");
  }
}

function resolve(insn: Draft, slot: number, use: LabelUse, labels: Map<string, Label[]>): void {
  const { name, place, field } = use;
  const found = find(labels, name, slot);
  if (found === undefined) {
    const helper = field === "callee" ? helperIdByName(name) : undefined;
    if (helper === undefined) {
      throw syntaxError(place, `no label${field === "callee" ? " or helper" : ""} "${name}"`, "ISA_LABEL");
    }
    insn.imm = helper;
    return;
  }
  const distance = found.slot - slot - 1;
  if (field === "off") {
    if ((distance << 16) >> 16 !== distance) {
      throw syntaxError(
        place,
        `label "${name}" is ${distance} slots away, goto reaches -32768..32767 (gotol farther)`,
        "ISA_LABEL",
      );
    }
    insn.off = distance;
    return;
  }
  insn.imm = distance;
  if (field === "callee") insn.src = BPF_PSEUDO_CALL;
}
