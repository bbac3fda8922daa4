/**
 * Programs made up from nothing, for socket buffers (sched_cls): numbers, stack, branches, loops, packets, map values, functions. Most registers are set
 * before they are read and most accesses are in bounds, so that many programs are accepted, and those that are not are refused late.
 */
import { assembleKernel, encode } from "@bpf-ts/isa";
import { Random } from "../random.ts";

/** fd of an array of 48-byte values with 32-bit keys. */
export const ARRAY_FD = 10;

const SIZES = ["u8", "u16", "u32", "u64"] as const;
const BYTES = { u8: 1, u16: 2, u32: 4, u64: 8 } as const;
const ALU = ["+=", "-=", "*=", "|=", "&=", "<<=", ">>=", "^=", "s>>=", "/=", "%=", "+=", "-=", "&="];
const COMPARE = ["==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"];
const ATOMIC = ["+=", "|=", "&=", "^="];

/** Text of the program with this number, in the syntax of the kernel's log. */
export function generate(seed: number, large: boolean): string {
  return new Generator(new Random(seed), large).program();
}

/** Its instructions. */
export function generateInsns(seed: number, large: boolean): Uint8Array {
  return encode(assembleKernel(generate(seed, large)));
}

class Generator {
  readonly #r: Random;
  readonly #large: boolean;
  readonly #lines: string[] = [];
  #labels = 0;
  /** Of the function being made: registers that hold numbers on every path so far. */
  #numbers = new Set<number>();
  #isMain = true;
  /** Functions that it may call. */
  #callees: readonly string[] = [];

  constructor(r: Random, large: boolean) {
    this.#r = r;
    this.#large = large;
  }

  program(): string {
    const functions = Array.from({ length: this.#r.pick([0, 0, 1, 2, 3]) }, (_, i) => `f${i}`);
    this.#function("main", functions, functions);
    for (const [i, name] of functions.entries()) this.#function(name, functions.slice(i + 1), []);
    return this.#lines.join("\n");
  }

  #emit(...lines: string[]): void {
    this.#lines.push(...lines);
  }

  #label(): string {
    return `l${this.#labels++}`;
  }

  #imm(): number {
    const r = this.#r;
    const usual = [0, 1, -1, 2, 7, 8, 16, 255, 0x7fffffff, -0x80000000, 0xffff, -8];
    return r.pick([...usual, r.below(64), r.u32() | 0, r.below(1000) - 500]);
  }

  /** R6 to R9, but for the one that keeps the context. */
  get #saved(): readonly number[] {
    return this.#isMain ? [7, 8, 9] : [6, 7, 8, 9];
  }

  #any(): number {
    return this.#r.pick([...this.#numbers]);
  }

  #destination(): number {
    return this.#r.chance(60) ? this.#r.pick(this.#saved) : this.#r.below(6);
  }

  #slot(): number {
    return -8 * (1 + this.#r.below(8));
  }

  #function(name: string, callees: readonly string[], first: readonly string[]): void {
    const r = this.#r;
    this.#isMain = name === "main";
    this.#callees = callees;
    this.#numbers = new Set();
    this.#emit(`${name}:`);
    if (this.#isMain) this.#emit("r6 = r1");
    else this.#receive();
    for (const reg of this.#saved) if (this.#large || r.chance(70)) this.#number(reg);
    for (const callee of first) {
      this.#call(callee);
      if (r.chance(70)) this.#statement(0);
    }
    const count = this.#large ? 8 + r.below(30) : 3 + r.below(12);
    for (let i = 0; i < count; i++) this.#statement(0);
    if (!this.#numbers.has(0)) this.#emit("r0 = 0");
    this.#emit("exit");
  }

  /** A callee's arguments: R1 points into the caller's stack, the others are numbers. */
  #receive(): void {
    const r = this.#r;
    for (let i = 2; i <= 5; i++) this.#numbers.add(i);
    if (!r.chance(60)) return;
    const size = r.pick(SIZES);
    if (r.chance(50)) {
      this.#emit(`*(${size} *)(r1 +0) = ${r.pick([0, 1, this.#imm()])}`);
    } else {
      this.#emit(`r0 = *(${size} *)(r1 +0)`);
      this.#numbers.add(0);
    }
  }

  #number(reg: number): void {
    const r = this.#r;
    if (this.#isMain && r.chance(40)) {
      this.#emit(`r${reg} = *(u32 *)(r6 +${r.pick([0, 4, 8, 12, 16, 20, 24, 40])})`);
    } else if (r.chance(30)) {
      this.#random();
      if (reg !== 0) this.#emit(`r${reg} = r0`);
    } else {
      this.#emit(`${r.chance(50) ? "r" : "w"}${reg} = ${this.#imm()}`);
    }
    this.#numbers.add(reg);
  }

  /** Calls clobber R1 to R5: those that were numbers become numbers again. */
  #afterCall(): void {
    for (let i = 1; i <= 5; i++) if (this.#numbers.has(i)) this.#emit(`r${i} = ${this.#imm()}`);
  }

  #random(): void {
    this.#emit("call bpf_get_prandom_u32#7");
    this.#afterCall();
    this.#numbers.add(0);
  }

  #call(name: string): void {
    for (let i = 2; i <= 5; i++) if (!this.#numbers.has(i)) this.#emit(`r${i} = ${this.#imm()}`);
    this.#emit("r1 = r10", `r1 += ${this.#slot()}`, `call ${name}`);
    this.#afterCall();
    this.#numbers.add(0);
  }

  #statement(nesting: number): void {
    const r = this.#r;
    if (this.#numbers.size === 0) this.#number(r.pick(this.#saved));
    switch (r.below(22)) {
      case 0:
      case 1:
        this.#number(this.#destination());
        break;
      case 2:
      case 3:
        this.#move();
        break;
      case 4:
      case 5:
      case 6:
      case 7:
        this.#arithmetic();
        break;
      case 8:
        this.#swap();
        break;
      case 9:
      case 10:
        this.#spill();
        break;
      case 11:
      case 12:
        this.#fill();
        break;
      case 13:
        this.#variableStack();
        break;
      case 14:
      case 15:
      case 16:
        this.#branch(nesting);
        break;
      case 17:
        this.#loop(nesting);
        break;
      case 18:
        this.#mapValue();
        break;
      case 19:
        this.#atomic();
        break;
      case 20:
        this.#packet();
        break;
      default:
        if (this.#callees.length > 0) this.#call(r.pick(this.#callees));
    }
  }

  #move(): void {
    const r = this.#r;
    const dst = this.#destination();
    const src = this.#any();
    if (r.chance(30)) this.#emit(`w${dst} = ${r.chance(50) ? `(${r.pick(["s8", "s16"])})` : ""}w${src}`);
    else this.#emit(`r${dst} = ${r.chance(20) ? `(${r.pick(["s8", "s16", "s32"])})` : ""}r${src}`);
    this.#numbers.add(dst);
  }

  #arithmetic(): void {
    const r = this.#r;
    const prefix = r.chance(60) ? "r" : "w";
    const op = r.pick(ALU);
    const dst = `${prefix}${this.#any()}`;
    if (!r.chance(60)) {
      this.#emit(`${dst} ${op} ${prefix}${this.#any()}`);
      return;
    }
    const isShift = op.endsWith("<<=") || op.endsWith(">>=");
    const isDivision = op === "/=" || op === "%=";
    const imm = isShift ? r.below(prefix === "r" ? 64 : 32) : this.#imm();
    this.#emit(`${dst} ${op} ${isDivision && imm === 0 ? 3 : imm}`);
  }

  #swap(): void {
    const r = this.#r;
    const reg = this.#any();
    if (r.chance(50)) this.#emit(r.chance(50) ? `r${reg} = -r${reg}` : `w${reg} = -w${reg}`);
    else this.#emit(`r${reg} = ${r.pick(["le", "be", "bswap"])}${r.pick([16, 32, 64])} r${reg}`);
  }

  #stackPlace(): { size: (typeof SIZES)[number]; off: number } {
    const r = this.#r;
    const size = r.pick(SIZES);
    const bytes = BYTES[size];
    const inner = r.chance(60) ? 0 : bytes * r.below(8 / bytes);
    return { size, off: this.#slot() + inner + (r.chance(2) ? 1 : 0) };
  }

  #spill(): void {
    const r = this.#r;
    const { size, off } = this.#stackPlace();
    const place = `*(${size} *)(r10 ${off})`;
    if (r.chance(30)) this.#emit(`${place} = ${r.pick([0, 0, 1, -1, this.#imm()])}`);
    else if (size === "u64" && r.chance(15)) this.#emit(`${place} = ${this.#isMain && r.chance(50) ? "r6" : "r10"}`);
    else this.#emit(`${place} = r${this.#any()}`);
  }

  #fill(): void {
    const { size, off } = this.#stackPlace();
    const dst = this.#destination();
    const type = size !== "u64" && this.#r.chance(20) ? `s${size.slice(1)}` : size;
    this.#emit(`r${dst} = *(${type} *)(r10 ${off})`);
    this.#numbers.add(dst);
  }

  #variableStack(): void {
    const r = this.#r;
    const index = this.#any();
    const pointer = r.below(6);
    if (pointer === index) return;
    this.#emit(`r${index} &= ${r.pick([8, 24, 8, 16, 7])}`, `r${pointer} = r10`);
    this.#emit(`r${pointer} += ${this.#slot() - 8}`, `r${pointer} += r${index}`);
    const place = `*(${r.pick(SIZES)} *)(r${pointer} +0)`;
    if (r.chance(50)) this.#emit(`r${r.pick(this.#saved)} = ${place}`);
    else this.#emit(`${place} = ${r.chance(40) ? r.pick([0, 5]) : `r${index}`}`);
    this.#emit(`r${pointer} = ${this.#imm()}`);
    this.#numbers.add(pointer);
  }

  #condition(): string {
    const r = this.#r;
    const prefix = r.chance(60) ? "r" : "w";
    const right = r.chance(60) ? this.#imm() : `${prefix}${this.#any()}`;
    return `if ${prefix}${this.#any()} ${r.pick(COMPARE)} ${right}`;
  }

  #some(nesting: number): void {
    const count = 1 + this.#r.below(4);
    for (let i = 0; i < count; i++) this.#statement(nesting);
  }

  /** Forgets the registers that are numbers on one way only. */
  #meet(other: ReadonlySet<number>): void {
    for (const reg of [...this.#numbers]) if (!other.has(reg)) this.#numbers.delete(reg);
  }

  #branch(nesting: number): void {
    if (nesting > 2) return;
    const before = new Set(this.#numbers);
    const other = this.#label();
    this.#emit(`${this.#condition()} goto ${other}`);
    this.#some(nesting + 1);
    if (this.#r.chance(60)) {
      this.#emit(`${other}:`);
      this.#meet(before);
      return;
    }
    const end = this.#label();
    this.#emit(`goto ${end}`, `${other}:`);
    const after = this.#numbers;
    this.#numbers = before;
    this.#some(nesting + 1);
    this.#emit(`${end}:`);
    this.#meet(after);
  }

  /** Counted, until a random number is 0, or as long as may_goto lets it. */
  #loop(nesting: number): void {
    if (nesting > 1) return;
    const r = this.#r;
    const counter = r.pick(this.#saved);
    this.#emit(`r${counter} = 0`);
    this.#numbers.add(counter);
    const before = new Set(this.#numbers);
    const [again, end] = [this.#label(), this.#label()];
    this.#emit(`${again}:`);
    const kind = r.below(3);
    if (kind === 0) this.#emit(`may_goto ${end}`);
    this.#some(nesting + 1);
    if (kind === 1) {
      this.#random();
      this.#emit(`if r0 != 0 goto ${again}`);
    } else {
      const condition = r.pick(["r% <", "w% <", "r% s<", "r% !="]).replace("%", String(counter));
      this.#emit(`r${counter} += 1`, `if ${condition} ${1 + r.below(6)} goto ${again}`);
    }
    this.#emit(`${end}:`);
    this.#meet(before);
  }

  #mapValue(): void {
    const r = this.#r;
    const none = this.#label();
    this.#emit(`*(u32 *)(r10 -4) = ${r.below(4)}`, "r2 = r10", "r2 += -4", `r1 = map[fd:${ARRAY_FD}]`);
    this.#emit("call bpf_map_lookup_elem#1");
    this.#numbers.delete(0);
    this.#afterCall();
    const throughStack = r.chance(30);
    if (throughStack) this.#emit("*(u64 *)(r10 -16) = r0");
    this.#emit(`if r0 == 0 goto ${none}`);
    const index = r.chance(40) && this.#numbers.size > 0 ? this.#any() : -1;
    if (index >= 0) this.#emit(`r${index} &= ${r.pick([8, 16, 24])}`, `r0 += r${index}`);
    if (throughStack) this.#emit("r0 = *(u64 *)(r10 -16)");
    const size = r.pick(SIZES);
    const place = `(r0 +${8 * r.below(5)})`;
    switch (this.#numbers.size === 0 ? 0 : r.below(3)) {
      case 0:
        this.#emit(`r${r.pick(this.#saved)} = *(${size} *)${place}`);
        break;
      case 1:
        this.#emit(`*(${size} *)${place} = ${this.#imm()}`);
        break;
      default:
        this.#emit(`lock *(${r.pick(["u32", "u64"])} *)${place} ${r.pick(ATOMIC)} r${this.#any()}`);
    }
    this.#emit(`${none}:`, `r0 = ${this.#imm()}`);
    this.#numbers.add(0);
  }

  #atomic(): void {
    const r = this.#r;
    const wide = r.chance(50);
    const reg = this.#any();
    const place = `(${wide ? "u64" : "u32"} *)(r10 ${this.#slot()})`;
    const name = `atomic${wide ? "64" : ""}`;
    switch (r.below(4)) {
      case 0:
        this.#emit(`lock *${place} ${r.pick(ATOMIC)} r${reg}`);
        break;
      case 1:
        this.#emit(`r${reg} = ${name}_fetch_${r.pick(["add", "or", "and", "xor"])}(${place}, r${reg})`);
        break;
      case 2:
        this.#emit(`r${reg} = ${name}_xchg(${place}, r${reg})`);
        break;
      default:
        if (!this.#numbers.has(0)) this.#number(0);
        this.#emit(`r0 = ${name}_cmpxchg(${place}, r0, r${reg})`);
    }
  }

  #packet(): void {
    if (!this.#isMain) return;
    const r = this.#r;
    const end = this.#label();
    this.#emit("r2 = *(u32 *)(r6 +76)", "r3 = *(u32 *)(r6 +80)");
    for (const reg of [2, 3, 4]) this.#numbers.delete(reg);
    const index = r.chance(30) && this.#numbers.size > 0 ? this.#any() : -1;
    if (index >= 0) this.#emit(`r${index} &= ${r.pick([4, 12, 28, 252])}`, `r2 += r${index}`);
    const length = 8 + r.below(24);
    this.#emit("r4 = r2", `r4 += ${length}`, `if r4 ${r.pick([">", ">=", ">"])} r3 goto ${end}`);
    const off = r.chance(4) ? r.below(40) : r.below(length - 7);
    this.#emit(`r${r.pick(this.#saved)} = *(${r.pick(["u8", "u16", "u32"])} *)(r2 +${off})`, `${end}:`);
    for (const reg of [2, 3, 4]) {
      this.#emit(`r${reg} = ${this.#imm()}`);
      this.#numbers.add(reg);
    }
  }
}
