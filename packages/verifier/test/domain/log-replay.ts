import type { Insn } from "@bpf-ts/isa";
import {
  aluScalar,
  boundsViolation,
  branchTaken,
  byteSwap,
  constant,
  forgetRanges,
  forkScalar,
  formatScalar,
  formatViolation,
  movsx32,
  movsx64,
  refineBranch,
  refineSelf,
  type Scalar,
  truncate,
  UNKNOWN,
  zext32,
} from "../../src/domain/index.ts";

/** Registers that hold scalars; others (pointers, uninitialised) are absent. */
type Registers = Map<number, Scalar>;

interface Pending {
  from: number;
  to: number;
  regs: Registers;
}

/** Drops what the domain does not know of: precision and register links. */
function normalise(text: string): string {
  return text.replace(/^P/, "").replace(/^scalar\(id=\d+(?:[+-]\d+)?(?:,|(?=\)))/, "scalar(");
}

/** `R0=… R1=scalar(…, …)` as [register, text] pairs. */
function parseState(text: string): [number, string][] {
  return [...text.matchAll(/ ?R(\d+)=((?:[^ (]|\((?:[^()]|\([^()]*\))*\))*)/g)].map((m) => [Number(m[1]), m[2]!]);
}

/**
 * Walks a program along the log that the kernel wrote about it at level 2, computing each register's value with the domain, and answers with
 * the first place where the log shows another value. It follows the log's order of paths, and checks that the paths are those that the domain
 * leaves open.
 */
export class Replay {
  readonly #program: readonly Insn[];
  #regs: Registers = new Map();
  readonly #pending: Pending[] = [];
  #pc = 0;
  /** Values of registers compared. */
  compared = 0;
  /** Lines that must come next: violations of range invariants. */
  #expected: string[] = [];

  constructor(program: readonly Insn[]) {
    this.#program = program;
  }

  /** Undefined, or what differs. */
  run(log: string): string | undefined {
    for (const line of log.split("\n")) {
      const problem = this.#line(line);
      if (problem !== undefined) return `${problem}\n  at: ${line}`;
    }
    if (this.#pending.length !== 0) return `${this.#pending.length} paths are not in the log`;
    return undefined;
  }

  #line(line: string): string | undefined {
    if (line.startsWith("verifier bug")) {
      const want = this.#expected.shift();
      return want === line ? undefined : `unexpected violation, ours: ${want}`;
    }
    const from = /^from (\d+) to (\d+)(?: \(speculative execution\))?:(.*)$/.exec(line);
    if (from !== null) {
      const next = this.#pending.pop();
      if (next === undefined || next.from !== Number(from[1]) || next.to !== Number(from[2])) {
        return `ours continues from ${next?.from} to ${next?.to}`;
      }
      this.#regs = next.regs;
      this.#pc = next.to;
      return from[3] === " safe" ? undefined : this.#compare(from[3]!);
    }
    const step = /^(\d+): \(([0-9a-f]{2})\) [^;]*?(?:\s*;(.*))?$/.exec(line);
    if (step !== null) {
      if (this.#expected.length !== 0) return `the kernel is silent about ${this.#expected[0]}`;
      if (Number(step[1]) !== this.#pc) return `ours goes on at ${this.#pc}`;
      this.#step();
      return this.#compare(step[3] ?? "");
    }
    const state = /^(\d+):( R.*)$/.exec(line);
    if (state !== null) return this.#compare(state[2]!);
    return undefined;
  }

  #compare(text: string): string | undefined {
    for (const [register, value] of parseState(text)) {
      if (!/^P?(?:scalar|-?\d|0x)/.test(value)) continue;
      const ours = this.#regs.get(register);
      const shown = ours === undefined ? "no scalar" : formatScalar(ours);
      this.compared++;
      if (normalise(value) !== shown) return `R${register}: kernel ${value}\n  ours ${shown}`;
    }
    return undefined;
  }

  #get(register: number): Scalar {
    const s = this.#regs.get(register);
    if (s === undefined) throw new Error(`r${register} is no scalar at ${this.#pc}`);
    return s;
  }

  #checked(s: Scalar, where: string): Scalar {
    const violation = boundsViolation(s);
    if (violation === undefined) return s;
    this.#expected.push(formatViolation(s, where, violation));
    return forgetRanges(s);
  }

  #step(): void {
    const insn = this.#program[this.#pc]!;
    const cls = insn.code & 0x07;
    this.#pc++;
    if (cls === 4 || cls === 7) this.#arithmetic(insn, cls === 7);
    else if (insn.code === 0x85) this.#regs.set(0, UNKNOWN);
    else if (cls === 5 || cls === 6) this.#jump(insn, cls === 6);
    else if (insn.code === 0x18) {
      const high = this.#program[this.#pc++]!;
      this.#regs.set(insn.dst, constant((BigInt(high.imm) << 32n) | BigInt(insn.imm >>> 0)));
    } else if (cls === 1) {
      const size = { 0: 4, 8: 2, 16: 1, 24: 8 }[insn.code & 0x18]!;
      this.#regs.set(insn.dst, (insn.code & 0xe0) === 0x80 ? movsx64(UNKNOWN, size) : truncate(UNKNOWN, size));
    }
  }

  #arithmetic(insn: Insn, is64: boolean): void {
    const op = insn.code & 0xf0;
    const byRegister = (insn.code & 0x08) !== 0;
    if (op === 0xb0) {
      if (byRegister && !this.#regs.has(insn.src)) return;
      let value = byRegister ? this.#get(insn.src) : constant(is64 ? insn.imm : insn.imm >>> 0);
      if (insn.off !== 0) value = is64 ? movsx64(value, insn.off / 8) : movsx32(value, insn.off / 8);
      else if (byRegister && !is64) value = zext32(value);
      this.#regs.set(insn.dst, this.#checked(value, "alu"));
      return;
    }
    if (op === 0xd0) {
      const swap = is64 || byRegister;
      const size = insn.imm / 8;
      const dst = this.#get(insn.dst);
      this.#regs.set(insn.dst, this.#checked(swap ? byteSwap(dst, size) : truncate(dst, size), "alu"));
      return;
    }
    const src = op === 0x80 ? UNKNOWN : byRegister ? this.#get(insn.src) : constant(insn.imm);
    let dst = this.#get(insn.dst);
    const fork = forkScalar(op, dst, src);
    if (fork !== undefined) {
      this.#pending.push({ from: this.#pc - 1, to: this.#pc - 1, regs: new Map(this.#regs).set(insn.dst, fork.zero) });
      dst = fork.ones;
    }
    this.#regs.set(insn.dst, this.#checked(aluScalar(op, is64, dst, src), "alu"));
  }

  #jump(insn: Insn, is32: boolean): void {
    const op = insn.code & 0xf0;
    if (op === 0x90) return;
    const byRegister = (insn.code & 0x08) !== 0;
    const a = this.#get(insn.dst);
    const b = byRegister ? this.#get(insn.src) : constant(insn.imm);
    const taken = branchTaken(op, is32, a, b);
    const target = this.#pc + insn.off;
    if (taken === 1) this.#pc = target;
    if (taken !== -1) return;
    if (byRegister && insn.src === insn.dst) {
      const jumped = new Map(this.#regs);
      const x = refineSelf(op, is32, a, true);
      jumped.set(insn.dst, this.#checked(this.#checked(x, "true_reg1"), "true_reg2"));
      const y = refineSelf(op, is32, a, false);
      this.#regs.set(insn.dst, this.#checked(this.#checked(y, "false_reg1"), "false_reg2"));
      this.#pending.push({ from: this.#pc - 1, to: target, regs: jumped });
      return;
    }
    const jumps = refineBranch(op, is32, a, b, true);
    const falls = refineBranch(op, is32, a, b, false);
    const jumped = new Map(this.#regs);
    jumped.set(insn.dst, this.#checked(jumps.a, "true_reg1"));
    const jumpedB = this.#checked(jumps.b, "true_reg2");
    if (byRegister) jumped.set(insn.src, jumpedB);
    this.#regs.set(insn.dst, this.#checked(falls.a, "false_reg1"));
    const fallsB = this.#checked(falls.b, "false_reg2");
    if (byRegister) this.#regs.set(insn.src, fallsB);
    this.#pending.push({ from: this.#pc - 1, to: target, regs: jumped });
  }
}
