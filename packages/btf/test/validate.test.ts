/// <reference types="node" />
import { describe, expect, test } from "vitest";
import { Btf, BtfBuilder, validateBtf } from "../src/index.ts";
import { btfLoadAll, kernelRelease } from "./fixtures/bpf-syscall.ts";
import { withinCpuTime } from "./fixtures/cpu-time.ts";
import { KERNEL_VERDICTS } from "./fixtures/kernel-verdicts.ts";
import { BTF_BASE64 } from "./fixtures/kinds.ts";
import { BTF_BASE64 as BIG_ENDIAN } from "./fixtures/kinds-big-endian.ts";
import { fromBase64, fromHex } from "./fixtures/load.ts";
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

  test.skipIf(reason !== undefined)(`agrees, log for log${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
    const random = new RandomBtf(20261123);
    const inputs = [fromBase64(BTF_BASE64), fromBase64(BIG_ENDIAN), ...CRAFTED.map(([, bytes]) => bytes)];
    inputs.push(...KERNEL_VERDICTS.map(([hex]) => fromHex(hex)));
    const runs = Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 1500);
    for (let i = 0; i < runs; i++) inputs.push(random.next());
    const answers = btfLoadAll(inputs);
    if (typeof answers === "string") throw new Error(answers);
    const verdicts = { accepted: 0, refused: 0 };
    answers.forEach((answer, i) => {
      const verdict = validateBtf(inputs[i]!, { verbose: true });
      const latin1 = Buffer.from(verdict.log, "utf8").toString("latin1");
      const ascii = /^[\0-\x7f]*$/.test(answer.log);
      const input = Buffer.from(inputs[i]!).toString("hex");
      expect({ errno: verdict.ok ? 0 : verdict.errno, log: ascii ? latin1 : "", input }).toEqual({
        errno: answer.errno,
        log: ascii ? answer.log : "",
        input,
      });
      if (answer.errno === 0) verdicts.accepted++;
      else verdicts.refused++;
    });
    console.log(
      `btf: Linux ${release} and validateBtf agree on ${answers.length} inputs (${JSON.stringify(verdicts)})`,
    );
  });
});
