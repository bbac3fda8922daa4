/// <reference types="node" />
import { UnsupportedError } from "@bpf-ts/uapi";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  Btf,
  BtfBuilder,
  BtfError,
  BtfExt,
  type BtfMember,
  type BtfTypeSpec,
  cDeclaration,
  codecFor,
  findCoreCandidates,
  formatRawDump,
  formatValue,
  renderC,
  renderTypeScript,
  resolveCoreRelo,
  validateBtf,
} from "../src/index.ts";
import { BTF_BASE64 as CORE, BTF_EXT_BASE64 as CORE_EXT } from "./fixtures/core.ts";
import { BTF_BASE64 as KERNEL_A } from "./fixtures/core-kernel-a.ts";
import { withinCpuTime } from "./fixtures/cpu-time.ts";
import { BTF_BASE64 as KINDS } from "./fixtures/kinds.ts";
import { BTF_BASE64 as KINDS_BIG } from "./fixtures/kinds-big-endian.ts";
import { BTF_BASE64 as LAYOUT } from "./fixtures/layout.ts";
import { fromBase64 } from "./fixtures/load.ts";
import { RandomBtf } from "./fixtures/random-btf.ts";

/**
 * Whatever the bytes: an answer, or one of this package's errors, soon. `BPF_TS_FUZZ_RUNS` makes it as thorough as there is time for.
 */
const numRuns = Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 40);
/** Far more than any of these inputs needs; a runaway would need forever. */
const MAX_MS = 3000;
const MAX_KIB = 1024 * 1024;

const seeds = [KINDS, KINDS_BIG, LAYOUT, CORE, KERNEL_A].map(fromBase64);
const coreExt = fromBase64(CORE_EXT);
const core = Btf.parse(fromBase64(CORE));

/** Runs something that may be refused; any other failure is ours. */
function tried<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof BtfError || error instanceof UnsupportedError) return undefined;
    throw error;
  }
}

function useEverything(bytes: Uint8Array): void {
  const verdict = validateBtf(bytes, { verbose: true });
  const btf = tried(() => Btf.parse(bytes));
  // What the kernel takes can be read.
  if (verdict.ok) expect(btf).toBeDefined();
  if (btf === undefined) return;
  for (let id = 0; id < btf.typeCount; id++) {
    tried(() => btf.type(id));
    tried(() => btf.resolve(id));
    tried(() => btf.sizeOf(id));
    tried(() => btf.alignOf(id));
    tried(() => btf.funcProto(id));
    tried(() => btf.declTags(id));
    tried(() => cDeclaration(btf, id, "x"));
    const name = tried(() => btf.nameOf(id));
    if (name !== undefined && name !== "" && id !== 0) {
      expect(btf.findAll(name)).toContain(id);
      tried(() => btf.memberPath(id, "a.b"));
    }
    const codec = tried(() => codecFor(btf, id));
    if (codec !== undefined && codec.size < 100_000) {
      const zeros = new Uint8Array(codec.size);
      const value = tried(() => codec.decode(zeros));
      if (value !== undefined) tried(() => codec.toBytes(value));
      tried(() => formatValue(btf, id, zeros));
    }
  }
  tried(() => renderC(btf));
  tried(() => renderTypeScript(btf));
  tried(() => BtfExt.parse(coreExt, btf));
  for (let type = 1; type < core.typeCount; type++)
    for (const [access, kind] of [
      ["0:0", 0],
      ["0", 12],
    ] as const)
      tried(() => resolveCoreRelo(core, { insnOffset: 0, type, access, kind }, findCoreCandidates(core, type, btf)));
  tried(() => {
    const copy = Btf.parse(BtfBuilder.from(btf).encode());
    expect([...copy.types()]).toEqual([...btf.types()]);
    const builder = new BtfBuilder({ littleEndian: btf.littleEndian });
    builder.addAll(btf);
    expect([...Btf.parse(builder.encode()).types()]).toEqual([...btf.types()]);
    builder.dedup();
    builder.encode();
  });
}

/** Bytes or words set to something else; most of them in the type section. */
const mutation = fc.record({
  at: fc.nat(),
  value: fc.oneof(fc.nat(100), fc.constantFrom(0xff, 0xffff, 0xffffff, 0x7fffffff, 0xffffffff), fc.nat(0xffffffff)),
  wide: fc.boolean(),
});

function mutate(seed: Uint8Array, changes: readonly { at: number; value: number; wide: boolean }[]): Uint8Array {
  const bytes = seed.slice();
  const view = new DataView(bytes.buffer);
  for (const { at, value, wide } of changes) {
    if (wide) view.setUint32((at % (bytes.length >> 2)) * 4, value, true);
    else bytes[at % bytes.length] = value;
  }
  return bytes;
}

describe("mutated BTF", () => {
  test("of clang", () => {
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(mutation, { minLength: 1, maxLength: 6 }), (seed, changes) =>
        withinCpuTime(MAX_MS, () => useEverything(mutate(seed, changes))),
      ),
      { numRuns },
    );
  });

  test("of clang, cut short or with something behind it", () => {
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.nat(), fc.uint8Array({ maxLength: 40 }), (seed, cut, tail) => {
        const head = seed.subarray(0, cut % (seed.length + 1));
        const bytes = new Uint8Array(head.length + tail.length);
        bytes.set(head);
        bytes.set(tail, head.length);
        withinCpuTime(MAX_MS, () => useEverything(bytes));
      }),
      { numRuns },
    );
  });

  test("made of random records", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => withinCpuTime(MAX_MS, () => useEverything(new RandomBtf(seed + 1).next()))),
      { numRuns: numRuns * 4 },
    );
  });
});

test("mutated .BTF.ext", () => {
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (changes) => {
      const ext = tried(() => BtfExt.parse(mutate(coreExt, changes), core));
      for (const relo of ext?.coreRelos.sections.flatMap((s) => s.records) ?? [])
        tried(() => resolveCoreRelo(core, relo, findCoreCandidates(core, relo.type, core)));
    }),
    { numRuns: numRuns * 2 },
  );
});

describe("types that C cannot write", () => {
  const build = (make: (b: BtfBuilder) => void): Btf => {
    const b = new BtfBuilder();
    make(b);
    return b.toBtf();
  };

  test("a prototype that takes itself", () => {
    const btf = build((b) => {
      const proto = b.reserve();
      const pointer = b.addPtr(proto);
      b.define(proto, { kind: "func_proto", ret: 0, params: [{ name: "self", type: pointer }] });
      b.addTypedef("t", pointer);
    });
    expect(validateBtf(btf.bytes).ok).toBe(true);
    expect(() => renderC(btf)).toThrow("declarations nested deeper than 250 levels");
    expect(() => renderTypeScript(btf)).not.toThrow();
  });

  test("prototypes that double at each level", () => {
    const btf = build((b) => {
      let at = b.addInt("int", 4);
      for (let i = 0; i < 40; i++) {
        const param = { name: "", type: at };
        at = b.addPtr(b.addFuncProto(0, [param, param]));
      }
      b.addTypedef("t", at);
    });
    withinCpuTime(MAX_MS, () => expect(() => renderC(btf)).toThrow("declarations to write out"));
  });

  test("a chain of typedefs, pointers or arrays of any length", () => {
    for (const link of ["typedef", "ptr", "const"] as const) {
      const btf = build((b) => {
        let at = b.addInt("int", 4);
        for (let i = 0; i < 20_000; i++)
          at = b.add(link === "typedef" ? { kind: link, name: "t", type: at } : { kind: link, type: at });
        b.addStruct("s", 8, [{ name: "m", type: at, bitOffset: 0, bitfieldSize: 0 }]);
      });
      withinCpuTime(MAX_MS, () => {
        tried(() => renderC(btf));
        tried(() => renderTypeScript(btf));
        tried(() => codecFor(btf, btf.typeCount - 1));
        tried(() => btf.alignOf(btf.typeCount - 1));
        validateBtf(btf.bytes);
      });
    }
  });

  test("as many records as fit", () => {
    const words = new Uint32Array(6 + 3 * 300_000);
    words.set([0x0001eb9f, 24, 0, (words.length - 6) * 4, (words.length - 6) * 4, 1]);
    for (let i = 6; i < words.length; i += 3) words[i + 1] = 9 << 24;
    const bytes = new Uint8Array(words.byteLength + 1);
    bytes.set(new Uint8Array(words.buffer));
    withinCpuTime(MAX_MS, () => {
      const btf = Btf.parse(bytes);
      expect(btf.typeCount).toBe(300_001);
      expect(btf.findByName("x")).toBeUndefined();
      expect(validateBtf(bytes).ok).toBe(true);
    });
  });
});

/** BTF made of words and a string section of this many times `a`. */
function raw(words: readonly number[] | Uint32Array, letters: number): Uint8Array {
  const head = new Uint32Array(6 + words.length);
  head.set([0x0001eb9f, 24, 0, words.length * 4, words.length * 4, letters + 2]);
  head.set(words, 6);
  const bytes = new Uint8Array(head.byteLength + letters + 2).fill(0x61);
  bytes.set(new Uint8Array(head.buffer));
  bytes[head.byteLength] = 0;
  bytes[bytes.length - 1] = 0;
  return bytes;
}

/** Structs with a lock and a list of the last one, which has its node behind very many members. */
function lists(count: number, members: number): Uint8Array {
  const b = new BtfBuilder();
  const place = (type: number, offset: number, name = ""): BtfMember => ({
    name,
    type,
    bitOffset: offset * 8,
    bitfieldSize: 0,
  });
  const lock = b.addStruct("bpf_spin_lock", 4, []);
  const head = b.addStruct("bpf_list_head", 16, []);
  const node = b.addStruct("bpf_list_node", 24, []);
  const u8 = b.addInt("u8", 1);
  b.addStruct("held", 24 + members, [
    ...Array.from({ length: members }, (_, i) => place(u8, i, "m")),
    place(node, members, "node"),
  ]);
  for (let i = 0; i < count; i++)
    b.addDeclTag("contains:held:node", b.addStruct("", 24, [place(head, 0), place(lock, 16)]), 0);
  return b.encode();
}

/** Structs with a list node, that hold one that has another behind very many members. */
function nodes(count: number, members: number): Uint8Array {
  const b = new BtfBuilder();
  const place = (type: number, offset: number): BtfMember => ({
    name: "",
    type,
    bitOffset: offset * 8,
    bitfieldSize: 0,
  });
  const node = b.addStruct("bpf_list_node", 24, []);
  const u8 = b.addInt("u8", 1);
  const inner = b.addStruct("inner", 24 + members, [
    ...Array.from({ length: members }, (_, i) => place(u8, i)),
    place(node, members),
  ]);
  for (let i = 0; i < count; i++) b.addStruct("", 48 + members, [place(inner, 0), place(node, 24 + members)]);
  return b.encode();
}

/** Everything that looks at all types at once. */
const WHOLE: Readonly<Record<string, (btf: Btf) => unknown>> = {
  validate: (btf) => validateBtf(btf.bytes, { verbose: true }),
  find: (btf) => Array.from({ length: 8 }, (_, i) => btf.findByName("a".repeat(1 + i * 1000))),
  types: (btf) => [...btf.types()].length,
  candidates: (btf) => findCoreCandidates(btf, 1, btf),
  "C header": (btf) => renderC(btf),
  TypeScript: (btf) => renderTypeScript(btf),
  "raw dump": (btf) => formatRawDump(btf),
  copy: (btf) => BtfBuilder.from(btf).encode(),
  dedup(btf) {
    const builder = BtfBuilder.from(btf);
    builder.dedup();
    return builder.encode();
  },
};

describe("a megabyte that says as much as it can", () => {
  const FWD = (7 << 24) >>> 0;
  const STRUCT = (4 << 24) >>> 0;
  const DECL_TAG = (17 << 24) >>> 0;
  const each = (count: number, record: (i: number) => readonly number[]): number[] =>
    Array.from({ length: count }, (_, i) => record(i)).flat();
  const inputs: Readonly<Record<string, Uint8Array>> = {
    "names that end alike": raw(
      each(40_000, (i) => [1 + i, FWD, 0]),
      600_000,
    ),
    "one long name for all": raw(
      each(40_000, () => [1, FWD, 0]),
      600_000,
    ),
    "the longest name for all": raw(
      each(40_000, () => [1, FWD, 0]),
      512,
    ),
    "names that end alike, as tags": raw(
      [0, STRUCT, 0, ...each(30_000, (i) => [1 + i, DECL_TAG, 1, 0xffffffff])],
      600_000,
    ),
    "the longest name for all members": raw(
      [1, (STRUCT | 0xffff) >>> 0, 0xffff0000, ...each(0xffff, () => [1, 2, 0]), 1, (1 << 24) >>> 0, 4, 32],
      512,
    ),
    "structs that all hold one with many members": raw(
      [
        ...each(10_000, () => [0, (STRUCT | 1) >>> 0, 4, 0, 10_001, 0]),
        0,
        (STRUCT | 50_000) >>> 0,
        4,
        ...each(50_000, () => [0, 10_002, 0]),
        1,
        (1 << 24) >>> 0,
        4,
        32,
      ],
      1,
    ),
    "lists that all hold a struct with many members": lists(4_000, 30_000),
    "structs that all hold one with a node behind many members": nodes(10_000, 30_000),
    "anonymous structs that double": raw(
      each(60, (i) => (i === 59 ? [0, STRUCT, 0] : [0, (STRUCT | 2) >>> 0, 0, 0, i + 2, 0, 0, i + 2, 0])),
      1,
    ),
  };
  /** KiB that the process had at most so far. */
  const peak = (): number => process.resourceUsage().maxRSS;
  test.each(Object.keys(inputs))("%s", (name) => {
    const bytes = inputs[name]!;
    const before = peak();
    expect(bytes.length).toBeLessThan(1_300_000);
    // Those get as far as the checks that they are meant for.
    if (name.endsWith("many members")) expect(validateBtf(bytes)).toEqual({ ok: true, log: "" });
    for (const act of Object.values(WHOLE)) {
      const btf = Btf.parse(bytes);
      withinCpuTime(MAX_MS, () => tried(() => act(btf)));
    }
    const btf = Btf.parse(bytes);
    withinCpuTime(MAX_MS, () => {
      tried(() => codecFor(btf, 1));
      tried(() => btf.alignOf(1));
      tried(() => btf.memberPath(1, "a.a"));
      tried(() => cDeclaration(btf, 1, "x"));
    });
    const grown = peak() - before;
    console.log(`btf: ${name}: ${bytes.length} bytes, memory grew by ${Math.round(grown / 1024)} MiB`);
    expect(grown).toBeLessThan(MAX_KIB);
  });
});

/** Types of which every value has one form: no strings (which end at a 0), no padding, no unions. */
const leaf = fc.constantFrom<BtfTypeSpec>(
  { kind: "int", name: "u8", size: 1 },
  { kind: "int", name: "s16", size: 2, signed: true },
  { kind: "int", name: "u32", size: 4 },
  { kind: "int", name: "s64", size: 8, signed: true },
  { kind: "int", name: "u128", size: 16 },
  {
    kind: "enum",
    name: "e",
    size: 4,
    signed: true,
    values: [
      { name: "A", value: 1 },
      { name: "B", value: -1 },
    ],
  },
  { kind: "enum64", name: "w", size: 8, signed: false, values: [{ name: "C", value: 1n << 63n }] },
);

test("codecs give back the bytes that they were given, in both byte orders", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(leaf, fc.nat(3)), { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      fc.infiniteStream(fc.nat(255)),
      (fields, littleEndian, stream) => {
        const b = new BtfBuilder({ littleEndian });
        const index = b.addInt("index", 4);
        const members = fields.map(([spec, length], i) => {
          const type = b.add(spec);
          return { name: `m${i}`, type: length === 0 ? type : b.addArray(type, length, index) };
        });
        const struct = b.addFields("struct", "s", members, { packed: true });
        const codec = codecFor(b.toBtf(), struct);
        const bytes = Uint8Array.from({ length: codec.size }, () => stream.next().value as number);
        expect(codec.toBytes(codec.decode(bytes))).toEqual(bytes);
      },
    ),
    { numRuns: numRuns * 2 },
  );
});
