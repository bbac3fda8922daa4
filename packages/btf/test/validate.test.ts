/// <reference types="node" />
import { describe, expect, test } from "vitest";
import { Btf, BtfBuilder, validateBtf } from "../src/index.ts";
import { btfLoadAll, kernelRelease } from "./fixtures/bpf-syscall.ts";
import { BTF_BASE64 as CORE } from "./fixtures/core.ts";
import { BTF_BASE64 as CORE_KERNEL } from "./fixtures/core-kernel-a.ts";
import { withinCpuTime } from "./fixtures/cpu-time.ts";
import { KERNEL_VERDICTS } from "./fixtures/kernel-verdicts.ts";
import { BTF_BASE64 } from "./fixtures/kinds.ts";
import { BTF_BASE64 as BIG_ENDIAN } from "./fixtures/kinds-big-endian.ts";
import { BTF_BASE64 as LAYOUT } from "./fixtures/layout.ts";
import { fromBase64, fromHex } from "./fixtures/load.ts";
import { drawer, loadable, mutateBtf } from "./fixtures/mutate-btf.ts";
import { RandomBtf } from "./fixtures/random-btf.ts";

describe("what Linux 6.18 answered", () => {
  test.each(KERNEL_VERDICTS.map(([hex, errno, message], i) => [i, hex, errno, message] as const))(
    "case %i",
    (_, hex, errno, message) => {
      for (const verbose of [false, true]) {
        const verdict = validateBtf(fromHex(hex), { verbose });
        expect(verdict.ok ? { errno: 0, message: "" } : { errno: verdict.errno, message: verdict.message }).toEqual({
          errno,
          message,
        });
      }
    },
  );

  test("all kinds of answers are there", () => {
    const reasons = new Set(KERNEL_VERDICTS.map(([, errno]) => errno));
    expect([...reasons].sort((a, b) => a - b)).toEqual([0, 2, 7, 14, 17, 22, 524]);
    console.log(`btf: ${KERNEL_VERDICTS.length} recorded BTF_LOAD verdicts of Linux 6.18 reproduced`);
  });
});

/** Chains and circles that random records hardly hit; the answers are Linux 6.18.44's. */
const CRAFTED: readonly (readonly [name: string, bytes: Uint8Array, errno: number, message: string])[] = [
  ["a chain of 32 pointers, the first first", chain((b, i, last) => b.addPtr(i === last ? 0 : i + 1), 32), 0, ""],
  [
    "a chain of 33 pointers",
    chain((b, i, last) => b.addPtr(i === last ? 0 : i + 1), 33),
    7,
    "[1] PTR (anon) type_id=2 Exceeded max resolving depth:32",
  ],
  ["33 pointers, the last first", chain((b, i) => b.addPtr(i - 1), 33), 0, ""],
  ["33 typedefs, the last first", chain((b, i) => b.addTypedef("t", i - 1), 33), 0, ""],
  [
    "a list of the struct that holds it",
    struct([
      ["head", "bpf_list_head", 16, "contains:s:node"],
      ["node", "bpf_list_node", 24],
      ["lock", "bpf_spin_lock", 4],
    ]),
    40,
    "",
  ],
  ["a list without a lock", struct([["head", "bpf_list_head", 16, "contains:s:node"]]), 2, ""],
  [
    "two locks",
    struct([
      ["a", "bpf_spin_lock", 4],
      ["b", "bpf_spin_lock", 4],
    ]),
    7,
    "",
  ],
  [
    "locks of both kinds",
    struct([
      ["a", "bpf_spin_lock", 4],
      ["b", "bpf_res_spin_lock", 4],
    ]),
    22,
    "",
  ],
  ["a lock that is none", struct([["a", "bpf_spin_lock", 8]]), 14, ""],
];

function chain(add: (b: BtfBuilder, id: number, last: number) => unknown, length: number): Uint8Array {
  const b = new BtfBuilder();
  for (let id = 1; id <= length; id++) add(b, id, length);
  return b.encode();
}

function struct(fields: readonly (readonly [name: string, type: string, size: number, tag?: string])[]): Uint8Array {
  const b = new BtfBuilder();
  const id = b.reserve();
  const types = new Map<string, number>();
  let at = 0;
  const members = fields.map(([name, type, size]) => {
    if (!types.has(type)) types.set(type, b.addStruct(type, size, []));
    const member = { name, type: types.get(type)!, bitOffset: at * 8, bitfieldSize: 0 };
    at += Math.ceil(size / 8) * 8;
    return member;
  });
  b.define(id, { kind: "struct", name: "s", size: at, members });
  fields.forEach(([, , , tag], i) => {
    if (tag !== undefined) b.addDeclTag(tag, id, i);
  });
  return b.encode();
}

/** A list whose names hold bytes that are no UTF-8; in the names given here, a character a byte. The answers are Linux 6.18.44's. */
const BYTES_IN_NAMES: readonly (readonly [name: string, bytes: Uint8Array, errno: number])[] = [
  ["a struct's name that is no UTF-8", list("contains:\xff:n", "\xff", "n"), 0],
  ["another struct's name that is none either", list("contains:\xff:n", "\xfe", "n"), 2],
  ["a struct named by what stands for such bytes", list("contains:\xef\xbf\xbd:n", "\xff", "n"), 2],
  ["the beginning of a character", list("contains:\xc3\xe9s:n", "\xc3\xe9s", "n"), 0],
  ["a node's name that is no UTF-8", list("contains:s:\xff", "s", "\xff"), 0],
  ["another node's name that is none either", list("contains:s:\xff", "s", "\xfe"), 2],
  ["a node's name in UTF-8", list("contains:s:\xc3\xc9", "s", "\xc3\xc9"), 0],
  ["a byte order mark before a node's name", list("contains:s:\xef\xbb\xbfn", "s", "n"), 2],
  ["a byte order mark before a tag", list("\xef\xbb\xbfcontains:s:n", "s", "n"), 22],
];

test.each(BYTES_IN_NAMES)("%s", (_, bytes, errno) => {
  const verdict = validateBtf(bytes);
  expect(verdict.ok ? 0 : verdict.errno).toBe(errno);
});

function list(contains: string, held: string, node: string): Uint8Array {
  const b = new BtfBuilder();
  const head = b.addStruct("bpf_list_head", 16, []);
  const lock = b.addStruct("bpf_spin_lock", 4, []);
  const listNode = b.addStruct("bpf_list_node", 24, []);
  const raw = (text: string): string =>
    // Lone surrogates stand for bytes that are no UTF-8.
    text.replace(/[\x80-\xff]/g, (char) => String.fromCharCode(0xdc00 + char.charCodeAt(0)));
  b.addStruct(raw(held), 24, [{ name: raw(node), type: listNode, bitOffset: 0, bitfieldSize: 0 }]);
  const owner = b.addStruct("owner", 24, [
    { name: "head", type: head, bitOffset: 0, bitfieldSize: 0 },
    { name: "lock", type: lock, bitOffset: 128, bitfieldSize: 0 },
  ]);
  b.addDeclTag(raw(contains), owner, 0);
  return b.encode();
}

/** A tag's text, and its line in the log of Linux 6.18.44, whose bytes are read as UTF-8: names are copied byte by byte, pieces cut after 1,023. */
const TAG_LINES: readonly (readonly [tag: string, line: string])[] = [
  ["caf\u00e9", "[2] DECL_TAG caf\u00e9 type=1 component_idx=-1\n"],
  ["caf\udce9", "[2] DECL_TAG caf\ufffd type=1 component_idx=-1\n"],
  ["\ufeffx", "[2] DECL_TAG \ufeffx type=1 component_idx=-1\n"],
  ["\u00e9".repeat(600), `[2] DECL_TAG ${"\u00e9".repeat(505)}type=1 component_idx=-1\n`],
  [`x${"\u00e9".repeat(600)}`, `[2] DECL_TAG x${"\u00e9".repeat(504)}\ufffdtype=1 component_idx=-1\n`],
];

function tagged(tag: string): Uint8Array {
  const b = new BtfBuilder();
  b.addDeclTag(tag, b.addStruct("s", 0, []));
  return b.encode();
}

test.each(TAG_LINES)("a tag in the log: %j", (tag, line) => {
  const { log } = validateBtf(tagged(tag), { verbose: true });
  expect(log.slice(log.indexOf("[2]"), log.indexOf("\n", log.indexOf("[2]")) + 1)).toBe(line);
});

test.each(CRAFTED)("%s", (_, bytes, errno, message) => {
  const verdict = validateBtf(bytes);
  expect(verdict.ok ? { errno: 0, message: "" } : { errno: verdict.errno, message: verdict.message }).toEqual({
    errno,
    message,
  });
});

test("the whole log, line by line", () => {
  // Written down from Linux 6.18.44.
  const b = new BtfBuilder();
  const int = b.addInt("int", 4, { signed: true });
  b.addEnum("e", [{ name: "A", value: -1 }]);
  const proto = b.addFuncProto(int, [{ name: "x", type: int }], true);
  b.addFunc("f", proto);
  b.addStruct("s", 4, [{ name: "m", type: int, bitOffset: 0, bitfieldSize: 3 }]);
  b.addFwd("u", "union");
  const verdict = validateBtf(b.encode(), { verbose: true });
  expect(verdict).toEqual({
    ok: true,
    log: `magic: 0xeb9f
version: 1
flags: 0x0
hdr_len: 24
type_off: 0
type_len: 112
str_off: 112
str_len: 19
btf_total_size: 155
[1] INT int size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
[2] ENUM e size=4 vlen=1
\tA val=-1
[3] FUNC_PROTO (anon) return=1 args=(1 x, vararg)
[4] FUNC f type_id=3
[5] STRUCT s size=4 vlen=1
\tm type_id=1 bitfield_size=3 bits_offset=0
[6] FWD u union
`,
  });
  expect(validateBtf(b.encode())).toEqual({ ok: true, log: "" });
});

describe("limits", () => {
  const header = (types: number, strings: Uint8Array): Uint8Array => {
    const out = new Uint8Array(24 + types + strings.length);
    const view = new DataView(out.buffer);
    view.setUint32(0, 0x0001eb9f, true);
    view.setUint32(4, 24, true);
    view.setUint32(12, types, true);
    view.setUint32(16, types, true);
    view.setUint32(20, strings.length, true);
    out.set(strings, 24 + types);
    return out;
  };
  /** `count` times `volatile void`, then one pointer to `target`. */
  const many = (count: number, target: number): Uint8Array => {
    const out = header((count + 1) * 12, new Uint8Array(1));
    const view = new DataView(out.buffer);
    for (let i = 0; i < count; i++) view.setUint32(24 + i * 12 + 4, 9 << 24, true);
    view.setUint32(24 + count * 12 + 4, 2 << 24, true);
    view.setUint32(24 + count * 12 + 8, target, true);
    return out;
  };

  test("types beyond the kernel's limit are checked and then ignored, as it does", () => {
    // Observed: 1,048,574 types count; type 1,048,575 and those after it are accepted but are not there.
    expect(validateBtf(many(1_048_573, 1)).ok).toBe(true);
    expect(validateBtf(many(1_048_580, 1_048_574)).ok).toBe(true);
    expect(validateBtf(many(1_048_573, 1_048_574))).toMatchObject({
      errno: 17,
      message: "[1048574] PTR (anon) type_id=1048574 Loop detected",
    });
  });

  test("16 MiB and no more", () => {
    expect(validateBtf(many(1_398_098, 0)).ok).toBe(true);
    expect(validateBtf(many(1_398_099, 0))).toEqual({ ok: false, errno: 7, message: "", log: "" });
  });

  test("names of 512 bytes and no more", () => {
    for (const [length, ok] of [
      [512, true],
      [513, false],
    ] as const) {
      const b = new BtfBuilder();
      b.addFwd("x".repeat(length), "struct");
      expect(validateBtf(b.encode()).ok).toBe(ok);
    }
  });

  test("structs within structs are looked through once, however often they are used", () => {
    const b = new BtfBuilder();
    const int = b.addInt("int", 4);
    const lock = b.addStruct("bpf_spin_lock", 4, [{ name: "v", type: int, bitOffset: 0, bitfieldSize: 0 }]);
    let inner = b.addStruct("s0", 0, []);
    for (let level = 1; level < 31; level++) {
      const members = [0, 1, 2, 3].map((i) => ({ name: `m${i}`, type: inner, bitOffset: 0, bitfieldSize: 0 }));
      inner = b.addStruct(`s${level}`, 0, members);
    }
    b.addStruct("top", 4, [
      { name: "lock", type: lock, bitOffset: 0, bitfieldSize: 0 },
      { name: "deep", type: inner, bitOffset: 32, bitfieldSize: 0 },
    ]);
    withinCpuTime(1000, () => expect(validateBtf(b.encode()).ok).toBe(true));
  });
});

test("other byte orders and bases are not for BTF_LOAD", () => {
  // The length of the header, read in the other order, is far beyond the end.
  expect(validateBtf(fromBase64(BIG_ENDIAN))).toMatchObject({ ok: false, errno: 22, message: "btf_header not found" });
  const base = Btf.parse(fromBase64(BTF_BASE64));
  const split = new BtfBuilder({ base });
  split.addPtr(29);
  expect(validateBtf(split.encode())).toMatchObject({ ok: false, message: "Invalid string section" });
});

test("a kptr may own what the kernel can destroy", () => {
  const vmlinux = new BtfBuilder();
  vmlinux.addStruct("task_struct", 8, []);
  vmlinux.addStruct("file", 8, []);
  const kernel = { btf: vmlinux.toBtf(), destructible: ["task_struct"] };
  for (const [name, errno] of [
    ["task_struct", 0],
    ["file", 2],
    ["mine", 0],
  ] as const) {
    const b = new BtfBuilder();
    const target = b.addStruct(name, 8, []);
    const pointer = b.addPtr(b.addTypeTag("kptr", target));
    b.addFields("struct", "value", [{ name: "p", type: pointer }]);
    const verdict = validateBtf(b.encode(), { kernel });
    expect(verdict.ok ? 0 : verdict.errno).toBe(errno);
  }
});

describe("the running kernel", () => {
  const release = kernelRelease();
  const probe = btfLoadAll([fromHex(KERNEL_VERDICTS[0]![0])]);
  const reason =
    typeof probe === "string" ? probe : release.startsWith("6.18.") ? undefined : `this is Linux ${release}`;

  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  const title = (text: string): string => `${text}${reason === undefined ? "" : ` (skipped: ${reason})`}`;

  /** Compares verdicts, errno and whole logs; the kernel's bytes are read as UTF-8. */
  const agree = (what: string, inputs: readonly Uint8Array[]): void => {
    const answers = btfLoadAll(inputs);
    if (typeof answers === "string") throw new Error(answers);
    const verdicts = { accepted: 0, refused: 0 };
    answers.forEach((answer, i) => {
      const verdict = validateBtf(inputs[i]!, { verbose: true });
      const log = utf8.decode(Buffer.from(answer.log, "latin1"));
      verdicts[answer.errno === 0 ? "accepted" : "refused"]++;
      if ((verdict.ok ? 0 : verdict.errno) === answer.errno && verdict.log === log) return;
      const input = Buffer.from(inputs[i]!).toString("hex");
      expect({ errno: verdict.ok ? 0 : verdict.errno, log: verdict.log, input }).toEqual({
        errno: answer.errno,
        log,
        input,
      });
    });
    console.log(
      `btf: Linux ${release} and validateBtf agree on ${answers.length} ${what} (${JSON.stringify(verdicts)})`,
    );
  };
  const runs = Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 1500);

  test.skipIf(reason !== undefined)(title("agrees, log for log"), () => {
    const random = new RandomBtf(20261123);
    const inputs = [fromBase64(BTF_BASE64), fromBase64(BIG_ENDIAN)];
    inputs.push(...[...CRAFTED, ...BYTES_IN_NAMES].map(([, bytes]) => bytes));
    inputs.push(...TAG_LINES.map(([tag]) => tagged(tag)));
    inputs.push(...KERNEL_VERDICTS.map(([hex]) => fromHex(hex)));
    for (let i = 0; i < runs; i++) inputs.push(random.next());
    agree("inputs", inputs);
  });

  test.skipIf(reason !== undefined)(title("agrees on what a compiler wrote, changed a little"), () => {
    const draw = drawer(20261128);
    const sources = [BTF_BASE64, LAYOUT, CORE, CORE_KERNEL].map((text) => loadable(fromBase64(text)));
    const inputs = [...sources];
    for (let i = 0; i < runs; i++) inputs.push(mutateBtf(sources[i % sources.length]!, draw));
    agree("changed ones", inputs);
  });
});

test("of a log without end, the end", () => {
  const b = new BtfBuilder();
  const int = b.addInt("int", 4, { signed: true });
  for (let i = 0; i < 80_000; i++) b.addTypedef("n".repeat(511), int);
  b.addTypedef("", int);
  const { log } = validateBtf(b.encode(), { verbose: true });
  expect(log.length).toBe(2 ** 24 - 1);
  expect(log.slice(-60)).toMatch(/\n\[80002\] TYPEDEF \(anon\) type_id=1 Invalid name\n$/);
});
