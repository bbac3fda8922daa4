/**
 * Random programs that the verifier accepts, in the syntax of its log: arithmetic, branches, loops, loads and stores, atomics, packets, subprograms,
 * tail calls, and map operations. What they compute ends in the value of an array and in a hash map.
 *
 * R6 is the context and R9 the array's value all the time; the other registers hold numbers. The array's value:
 *
 * | offset | |
 * |---|---|
 * | 0 | R0–R5, R7, R8: where they start, and where they end up |
 * | 64, 72 | calls of `bpf_map_update_elem`, of `bpf_map_delete_elem` |
 * | 80 | 16 words that are read and written |
 *
 * The stack: the key at -8, the value at -16, the counter of a loop at -24, then 8 words that are read and written.
 */
import fc from "fast-check";

/** Bytes of the array's value. */
export const VALUE_SIZE = 208;
/** Where the program counts its map operations. */
export const UPDATES_AT = 64;
export const DELETES_AT = 72;
const SCRATCH_AT = 80;

export const REGISTERS = [0, 1, 2, 3, 4, 5, 7, 8] as const;

/** Which program types there are: they differ in how packets are read. */
export const KINDS = ["socket filter", "xdp"] as const;
export type Kind = (typeof KINDS)[number];

/** The maps that a program uses. */
export interface MapFds {
  array: number;
  hash: number;
  progs: number;
}

/** A random program. */
export interface RandomProgram {
  readonly kind: Kind;
  /** What the registers and the words of the array start with. */
  readonly words: readonly bigint[];
  /** The program's text; labels are made unique by what is given. */
  readonly text: (fds: MapFds) => string;
  /** What it tail-calls. */
  readonly callee: (fds: MapFds) => string;
}

/** Makes lines; asks for labels and subprograms. */
type Step = (to: Writer) => string;

class Writer {
  readonly fds: MapFds;
  readonly kind: Kind;
  readonly subprograms: string[] = [];
  #labels = 0;

  constructor(fds: MapFds, kind: Kind) {
    this.fds = fds;
    this.kind = kind;
  }

  label(): string {
    return `l${this.#labels++}`;
  }
}

const lines = (...parts: string[]): string => parts.join("\n");

const register = fc.constantFrom(...REGISTERS);
const imm = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.integer({ min: -3, max: 70 }),
  fc.constantFrom(2 ** 31 - 1, -(2 ** 31)),
);

/** R1–R5 are gone after a call: they start again from the array. */
const RELOAD = lines(...[1, 2, 3, 4, 5].map((reg) => `r${reg} = *(u64 *)(r9 +${reg * 8})`));

const alu: fc.Arbitrary<Step> = fc
  .record({
    wide: fc.boolean(),
    op: fc.constantFrom("+", "-", "*", "/", "%", "s/", "s%", "|", "&", "^", "<<", ">>", "s>>", ""),
    byRegister: fc.boolean(),
    dst: register,
    src: register,
    value: imm,
  })
  .map(({ wide, op, byRegister, dst, src, value }) => {
    const w = wide ? "r" : "w";
    let k = value;
    // The kernel refuses divisions by a constant 0 and shifts by constants that are too large.
    if (/[/%]/.test(op) && k === 0) k = 1;
    if (/<<|>>/.test(op)) k &= wide ? 63 : 31;
    return () => `${w}${dst} ${op}= ${byRegister ? `${w}${src}` : k}`;
  });

const move: fc.Arbitrary<Step> = fc
  .record({
    form: fc.constantFrom(
      "neg",
      "neg32",
      "be16",
      "be32",
      "be64",
      "le16",
      "le32",
      "bswap16",
      "bswap32",
      "bswap64",
      "s8",
      "s16",
      "s32",
      "ws8",
      "ws16",
      "imm64",
    ),
    dst: register,
    src: register,
    high: imm,
    low: imm,
  })
  .map(({ form, dst, src, high, low }) => {
    if (form === "neg") return () => `r${dst} = -r${dst}`;
    if (form === "neg32") return () => `w${dst} = -w${dst}`;
    if (form === "imm64") {
      const value = BigInt.asUintN(64, (BigInt(high) << 32n) | BigInt(low >>> 0));
      return () => `r${dst} = 0x${value.toString(16)} ll`;
    }
    if (form.startsWith("s")) return () => `r${dst} = (${form})r${src}`;
    if (form.startsWith("ws")) return () => `w${dst} = (${form.slice(1)})w${src}`;
    return () => `r${dst} = ${form} r${dst}`;
  });

/** An aligned place in the array's value or in the stack. */
const place = fc
  .record({ onStack: fc.boolean(), size: fc.constantFrom(1, 2, 4, 8), word: fc.nat(15), part: fc.nat(7) })
  .map(({ onStack, size, word, part }) => {
    const within = (part % (8 / size)) * size;
    const at = onStack ? -88 + (word % 8) * 8 + within : SCRATCH_AT + word * 8 + within;
    const signed = at < 0 ? `-${-at}` : `+${at}`;
    return { size, where: `(r${onStack ? 10 : 9} ${signed})` };
  });

const access: fc.Arbitrary<Step> = fc
  .record({ form: fc.nat(4), at: place, reg: register, value: imm })
  .map(({ form, at: { size, where }, reg, value }) => {
    const bits = size * 8;
    if (form === 0) return () => `r${reg} = *(u${bits} *)${where}`;
    if (form === 1) return () => `r${reg} = *(${size < 8 ? "s" : "u"}${bits} *)${where}`;
    if (form === 2) return () => `*(u${bits} *)${where} = ${value}`;
    return () => `*(u${bits} *)${where} = r${reg}`;
  });

const atomic: fc.Arbitrary<Step> = fc
  .record({
    wide: fc.boolean(),
    narrow: fc.constantFrom("u8", "u16", undefined),
    form: fc.constantFrom(
      "+",
      "&",
      "|",
      "^",
      "fetch_add",
      "fetch_and",
      "fetch_or",
      "fetch_xor",
      "xchg",
      "cmpxchg",
      "acquire",
      "release",
    ),
    word: fc.nat(15),
    onStack: fc.boolean(),
    reg: register,
  })
  .map(({ wide, narrow, form, word, onStack, reg }) => {
    const type = wide ? "u64" : "u32";
    const where = onStack ? `(r10 -${88 - (word % 8) * 8})` : `(r9 +${SCRATCH_AT + word * 8})`;
    const at = `(${type} *)${where}`;
    const name = wide ? "atomic64" : "atomic";
    // Only these two have forms of 1 and 2 bytes.
    const any = `(${narrow ?? type} *)${where}`;
    if (form === "acquire") return () => `r${reg} = load_acquire(${any})`;
    if (form === "release") return () => `store_release(${any}, r${reg})`;
    if (form === "cmpxchg") return () => `r0 = ${name}_cmpxchg(${at}, r0, r${reg})`;
    if (form.length > 1) return () => `r${reg} = ${name}_${form}(${at}, r${reg})`;
    return () => `lock *${at} ${form}= r${reg}`;
  });

/** The key: the low bits of a register, at -8. */
const keyFrom = (reg: number): string => lines(`r0 = r${reg}`, "r0 &= 15", "*(u32 *)(r10 -8) = r0");
const counted = (at: number): string => lines("r1 = 1", `lock *(u64 *)(r9 +${at}) += r1`);
const keyArgument = lines("r2 = r10", "r2 += -8");

const update: fc.Arbitrary<Step> = fc
  .record({ key: register, value: register, flags: fc.constantFrom(0, 0, 0, 1, 2, 3, 8) })
  .map(
    ({ key, value, flags }) =>
      ({ fds }) =>
        lines(
          `*(u64 *)(r10 -16) = r${value}`,
          keyFrom(key),
          counted(UPDATES_AT),
          `r1 = map[fd:${fds.hash}]`,
          keyArgument,
          "r3 = r10",
          "r3 += -16",
          `r4 = ${flags}`,
          "call bpf_map_update_elem",
          RELOAD,
        ),
  );

const remove: fc.Arbitrary<Step> = register.map(
  (key) =>
    ({ fds }) =>
      lines(
        keyFrom(key),
        counted(DELETES_AT),
        `r1 = map[fd:${fds.hash}]`,
        keyArgument,
        "call bpf_map_delete_elem",
        RELOAD,
      ),
);

/** Looks up, and changes the value if there is one, or deletes by it: the key is then the value's low bits, in the element itself. */
const lookup: fc.Arbitrary<Step> = fc.record({ key: register, form: fc.nat(3) }).map(({ key, form }) => (to) => {
  const none = to.label();
  const { hash } = to.fds;
  const then = [
    "r7 = *(u64 *)(r0 +0)",
    "*(u64 *)(r0 +0) = r8",
    "lock *(u64 *)(r0 +0) += r7",
    lines("r7 = r0", counted(DELETES_AT), `r1 = map[fd:${hash}]`, "r2 = r7", "call bpf_map_delete_elem", "r7 = r0"),
  ][form]!;
  return lines(
    keyFrom(key),
    `r1 = map[fd:${hash}]`,
    keyArgument,
    "call bpf_map_lookup_elem",
    `if r0 == 0 goto ${none}`,
    then,
    `${none}:`,
    "r0 = 5",
    RELOAD,
  );
});

const packet: fc.Arbitrary<Step> = fc
  .record({
    offset: fc.integer({ min: 0, max: 63 }),
    size: fc.constantFrom(1, 2, 4),
    write: fc.boolean(),
    indirect: fc.boolean(),
  })
  .map(({ offset, size, write, indirect }) => (to) => {
    const type = `u${size * 8}`;
    if (to.kind === "socket filter") {
      // Beyond the packet the program ends, with 0.
      if (!indirect) return lines(`r0 = *(${type} *)skb[${offset}]`, RELOAD);
      return lines("r7 &= 31", `r0 = *(${type} *)skb[r7 + ${offset >> 1}]`, RELOAD);
    }
    const beyond = to.label();
    const access = write ? `*(${type} *)(r1 +${offset}) = r8` : `r7 = *(${type} *)(r1 +${offset})`;
    return lines(
      "r1 = *(u32 *)(r6 +0)",
      "r2 = *(u32 *)(r6 +4)",
      "r3 = r1",
      `r3 += ${offset + size}`,
      `if r3 > r2 goto ${beyond}`,
      access,
      `${beyond}:`,
      RELOAD,
    );
  });

const COMPARISONS = ["==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"];
const condition = fc
  .record({
    wide: fc.boolean(),
    op: fc.constantFrom(...COMPARISONS),
    byRegister: fc.boolean(),
    a: register,
    b: register,
    k: imm,
  })
  .map(({ wide, op, byRegister, a, b, k }) => {
    const w = wide ? "r" : "w";
    return `if ${w}${a} ${op} ${byRegister ? `${w}${b}` : k}`;
  });

const plain: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: alu, weight: 8 },
  { arbitrary: move, weight: 2 },
  { arbitrary: access, weight: 4 },
  { arbitrary: atomic, weight: 2 },
);
const simple: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: plain, weight: 8 },
  { arbitrary: update, weight: 3 },
  { arbitrary: remove, weight: 1 },
  { arbitrary: lookup, weight: 2 },
  { arbitrary: packet, weight: 1 },
);

const all = (steps: readonly Step[], to: Writer): string => lines(...steps.map((step) => step(to)));

const branch: fc.Arbitrary<Step> = fc
  .record({
    condition,
    first: fc.array(simple, { maxLength: 4 }),
    otherwise: fc.array(simple, { maxLength: 3 }),
    long: fc.boolean(),
  })
  .map(({ condition: test, first, otherwise, long }) => (to) => {
    const [elseLabel, end] = [to.label(), to.label()];
    // The jump to the end may be the long one; R0 keeps both sides from being empty.
    return lines(
      `${test} goto ${elseLabel}`,
      all(first, to),
      "r0 = 1",
      `${long ? "gotol" : "goto"} ${end}`,
      `${elseLabel}:`,
      all(otherwise, to),
      "r0 = 2",
      `${end}:`,
      "r7 += r0",
    );
  });

const loop: fc.Arbitrary<Step> = fc
  .record({
    times: fc.integer({ min: 1, max: 4 }),
    mayGoto: fc.boolean(),
    body: fc.array(simple, { minLength: 1, maxLength: 3 }),
  })
  .map(({ times, mayGoto, body }) => (to) => {
    const [again, end] = [to.label(), to.label()];
    return lines(
      `*(u64 *)(r10 -24) = ${times}`,
      `${again}:`,
      mayGoto ? `may_goto ${end}` : "",
      all(body, to),
      "r0 = *(u64 *)(r10 -24)",
      "r0 -= 1",
      "*(u64 *)(r10 -24) = r0",
      `if r0 != 0 goto ${again}`,
      `${end}:`,
      "r0 = 3",
    );
  });

/** A call of a function with its own stack and registers, which gets two numbers and may use the maps. */
const call: fc.Arbitrary<Step> = fc
  .record({
    a: register,
    b: register,
    body: fc.array(fc.oneof(plain, update, remove), { maxLength: 6 }),
    depth: fc.nat(56),
  })
  .map(({ a, b, body, depth }) => (to) => {
    const name = `f${to.subprograms.length}`;
    to.subprograms.push("");
    // The deepest word, so that frames have different depths.
    const deepest = 96 + (depth & ~7);
    to.subprograms[Number(name.slice(1))] = lines(
      `${name}:`,
      `r9 = map[fd:${to.fds.array}][0]+0`,
      ...Array.from({ length: 8 }, (_, n) => `*(u64 *)(r10 -${88 - n * 8}) = ${n}`),
      `*(u64 *)(r10 -${deepest}) = r1`,
      "r0 = r2",
      "r3 = r1",
      "r4 = r2",
      "r5 = 5",
      "r7 = r1",
      "r8 = r2",
      all(body, to),
      `r1 = *(u64 *)(r10 -${deepest})`,
      "r0 = r7",
      "r0 ^= r8",
      "r0 += r1",
      "exit",
    );
    const [first, second] =
      a === 2
        ? [`r0 = r${b}`, lines(`r1 = r2`, "r2 = r0")]
        : [`r0 = r${a}`, lines(`r2 = r${b === 0 ? 8 : b}`, "r1 = r0")];
    return lines(first, second, `call ${name}`, RELOAD);
  });

const body = fc.array(
  fc.oneof(
    { arbitrary: simple, weight: 6 },
    { arbitrary: branch, weight: 2 },
    { arbitrary: loop, weight: 1 },
    { arbitrary: call, weight: 1 },
  ),
  { minLength: 1, maxLength: 14 },
);

const PROLOGUE = lines(
  ...Array.from({ length: 8 }, (_, n) => `*(u64 *)(r10 -${88 - n * 8}) = ${n * 1000}`),
  ...REGISTERS.map((reg, n) => `r${reg} = *(u64 *)(r9 +${n * 8})`),
);
const EPILOGUE = lines(
  ...REGISTERS.map((reg, n) => `*(u64 *)(r9 +${n * 8}) = r${reg}`),
  "r0 ^= r7",
  "r0 += r8",
  "exit",
);

const word = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.bigInt({ min: -3n, max: 70n }),
  fc.constantFrom(1n << 63n, (1n << 63n) - 1n, 1n << 31n, (1n << 31n) - 1n, 1n << 32n, 0xffffffffn),
);

/** A program of either kind, with or without a tail call at its end (to an element that is there, or to one that isn't). */
export const randomProgram: fc.Arbitrary<RandomProgram> = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    words: fc.array(word, { minLength: VALUE_SIZE / 8, maxLength: VALUE_SIZE / 8 }),
    steps: body,
    tailCall: fc.constantFrom(undefined, undefined, 0, 1),
    callee: fc.array(fc.oneof(plain, update), { maxLength: 4 }),
  })
  .map(({ kind, words, steps, tailCall, callee }) => {
    const whole = (fds: MapFds, parts: readonly Step[], last: string): string => {
      const to = new Writer(fds, kind);
      const main = lines("r6 = r1", `r9 = map[fd:${fds.array}][0]+0`, PROLOGUE, all(parts, to), last, EPILOGUE);
      return lines(main, ...to.subprograms);
    };
    const jump = (fds: MapFds): string =>
      tailCall === undefined
        ? ""
        : lines(
            `*(u64 *)(r9 +${SCRATCH_AT}) = r8`,
            "r1 = r6",
            `r2 = map[fd:${fds.progs}]`,
            `r3 = ${tailCall}`,
            "call bpf_tail_call",
            "r0 = 6",
            RELOAD,
          );
    return {
      kind,
      words,
      text: (fds) => whole(fds, steps, jump(fds)),
      callee: (fds) => whole(fds, callee, "r8 += 7"),
    };
  });
