import { describe, expect, test } from "vitest";
import {
  BPF_CORE_ENUMVAL_VALUE,
  BPF_CORE_FIELD_BYTE_OFFSET,
  BPF_CORE_FIELD_BYTE_SIZE,
  BPF_CORE_TYPE_EXISTS,
  BPF_CORE_TYPE_ID_LOCAL,
  BPF_CORE_TYPE_MATCHES,
  Btf,
  BtfBuilder,
  BtfError,
  BtfExt,
  type CoreInsn,
  type CoreRelo,
  CoreRelocator,
  type CoreResolution,
  type CoreResult,
  coreReloKindName,
  essentialName,
  findCoreCandidates,
  formatCoreSpec,
  matchCoreSpec,
  parseCoreSpec,
  patchCoreInsn,
  resolveCoreRelo,
} from "../src/index.ts";
import { BTF_BASE64, BTF_EXT_BASE64 } from "./fixtures/core.ts";
import { BTF_BASE64 as KERNEL_A } from "./fixtures/core-kernel-a.ts";
import { BTF_BASE64 as KERNEL_B } from "./fixtures/core-kernel-b.ts";
import { CORE_OUTCOMES } from "./fixtures/core-outcomes.ts";
import { withinCpuTime } from "./fixtures/cpu-time.ts";
import { fromBase64 } from "./fixtures/load.ts";

const local = Btf.parse(fromBase64(BTF_BASE64));
const kernelA = Btf.parse(fromBase64(KERNEL_A));
const kernelB = Btf.parse(fromBase64(KERNEL_B));
const relos = BtfExt.parse(fromBase64(BTF_EXT_BASE64), local).coreRelos.sections.flatMap((s) => s.records);
const id = (name: string): number => local.findByName(name, ["struct", "union", "enum", "enum64", "typedef"])!;
const relo = (type: string, access: string, kind: number): CoreRelo => ({
  insnOffset: 0,
  type: id(type),
  access,
  kind,
});

/** In the words of the recorded outcomes. */
function outcome(resolve: () => CoreResolution): string {
  let result: CoreResolution;
  try {
    result = resolve();
  } catch (error) {
    if (!(error instanceof BtfError)) throw error;
    return `errno ${error.errno}`;
  }
  if (result.poison) return "poison";
  const { originalSize, newSize } = result;
  return [
    `${result.originalValue} -> ${result.newValue}`,
    ...(originalSize === 0 && newSize === 0 ? [] : [`${originalSize} -> ${newSize} bytes`]),
    ...(result.validate ? [] : ["unchecked"]),
    ...(result.failMemorySize ? ["resized wrongly"] : []),
  ].join(", ");
}

test.each([
  ["self", local],
  ["a", kernelA],
  ["b", kernelB],
] as const)("libbpf's outcomes against %s", (name, target) => {
  const ours = relos.map((r) => {
    const answer = outcome(() => resolveCoreRelo(local, r, findCoreCandidates(local, r.type, target)));
    return `${coreReloKindName(r.kind)} ${local.nameOf(r.type)} ${r.access}: ${answer}`;
  });
  expect(ours).toEqual(CORE_OUTCOMES[name]);
  expect(new Set(relos.map((r) => r.kind)).size).toBe(13);
});

test("essential names", () => {
  // x___y: X and Y are not underscores, and the last such place counts.
  expect(
    [
      "a",
      "a___b",
      "a___b___c",
      "a____b",
      "a___",
      "___a",
      "_a___b",
      "a_____b___c",
      "a___b____c",
      "",
      "a___b_c",
      "a__b",
    ].map(essentialName),
  ).toEqual(["a", "a", "a___b", "a____b", "a___", "___a", "_a", "a_____b", "a", "", "a", "a__b"]);
});

test("BTF finds flavours by the same rule", () => {
  const b = new BtfBuilder();
  const names = ["a", "a___b", "a____b", "a___", "a___x_y", "b___a"];
  for (const name of names) b.addFwd(name, "struct");
  const found = b.toBtf().findByEssentialName("a___other");
  expect(found).toEqual(names.flatMap((name, i) => (essentialName(name) === "a" ? [i + 1] : [])));
  expect(found).toEqual([1, 2, 5]);
});

describe("specs as libbpf prints them", () => {
  test.each([
    ["task", "0:4:2:1", 0, "<byte_off> [N] struct task.pair[2].y (0:4:2:1 @ offset 52)"],
    ["task", "0:5:1:1", 2, "<field_exists> [N] struct task.high (0:5:1:1 @ offset 66)"],
    ["task", "0:7", 4, "<lshift_u64> [N] struct task.mode (0:7 @ offset 68.1)"],
    ["inner", "2:1", 0, "<byte_off> [N] struct inner[2].y (2:1 @ offset 20)"],
    ["state", "1", 11, "<enumval_value> [N] enum state::STATE_RUN = 2"],
    ["task", "0", 8, "<type_exists> [N] struct task"],
  ])("%s %s", (type, access, kind, text) => {
    expect(formatCoreSpec(parseCoreSpec(local, relo(type, access, kind)))).toBe(text.replace("N", String(id(type))));
  });

  test("of the target", () => {
    const target = matchCoreSpec(
      parseCoreSpec(local, relo("task", "0:4:2:1", 0)),
      kernelA,
      kernelA.findByName("task", "struct")!,
    )!;
    expect(formatCoreSpec(target)).toMatch(/^<byte_off> \[\d+\] struct task\.pair\[2\]\.y \(0:6:2:1 @ offset 120\)$/);
  });
});

describe("malformed records are refused", () => {
  test.each<[string, string, number, string]>([
    ["task", "", 0, "expected indexes with colons"],
    ["task", ":0", 0, "expected indexes with colons"],
    ["task", "0:", 0, "expected indexes with colons"],
    ["task", "0:-1", 0, "expected indexes with colons"],
    ["task", "0:x", 0, "expected indexes with colons"],
    ["task", "0:99", 0, "has no member 99"],
    ["task", "0:3:16", 0, "has no element 16"],
    ["task", "0:0:0", 0, "is of unexpected kind int"],
    ["task", "1", 8, "a type is accessed as 0"],
    ["task", "0", 11, "no such enumerator"],
    ["state", "3", 11, "no such enumerator"],
    ["state", "0:0", 11, "no such enumerator"],
    ["task", "0:0", 13, "unknown kind 13"],
    ["task", `0${":0".repeat(64)}`, 0, "more than 64 steps"],
    ["task", "0:2147483648", 0, "does not fit 31 bits"],
    ["task", "0:3:1", 3, "relocation 3 can't be applied to array access"],
  ])("%s %s (%i)", (type, access, kind, message) => {
    const resolve = (): unknown => resolveCoreRelo(local, relo(type, access, kind), []);
    expect(resolve).toThrow(BtfError);
    expect(resolve).toThrow(message);
  });

  test("anonymous types cannot be looked for", () => {
    const anonymous = local.memberPath("task", "hidden").parent;
    expect(local.nameOf(anonymous)).toBe("");
    const resolve = (): unknown =>
      resolveCoreRelo(local, { insnOffset: 0, type: anonymous, access: "0:0", kind: 0 }, []);
    expect(resolve).toThrow("relocation doesn't support anonymous types");
  });
});

describe("the relocator", () => {
  test("an access that some candidates have narrows the others", () => {
    const program = new BtfBuilder();
    const int = program.addInt("int", 4);
    const struct = program.addFields("struct", "s", [
      { name: "both", type: int },
      { name: "second", type: int },
    ]);
    const kernel = new BtfBuilder();
    const kernelInt = kernel.addInt("int", 4);
    kernel.addFields("struct", "s", [{ name: "both", type: kernelInt }]);
    kernel.addFields("struct", "s___2", [
      { name: "second", type: kernelInt },
      { name: "both", type: kernelInt },
    ]);
    const targets = { kernel: kernel.toBtf() };
    const btf = program.toBtf();
    const both: CoreRelo = { insnOffset: 0, type: struct, access: "0:0", kind: 0 };
    const second: CoreRelo = { insnOffset: 8, type: struct, access: "0:1", kind: 0 };
    expect(() => new CoreRelocator(btf, targets).resolve(both)).toThrow("field offset ambiguity: 32 != 0");
    const relocator = new CoreRelocator(btf, targets);
    expect(relocator.resolve(second)).toMatchObject({ newValue: 0n });
    expect(relocator.resolve(both)).toMatchObject({ newValue: 4n });
  });

  test("modules are looked at where the kernel has nothing", () => {
    const kernel = new BtfBuilder();
    const int = kernel.addInt("int", 4);
    kernel.addFields("struct", "task", [{ name: "state", type: int }]);
    const base = kernel.toBtf();
    const module = new BtfBuilder({ base });
    module.addFields("struct", "task", [
      { name: "pad", type: int },
      { name: "state", type: int },
    ]);
    module.addFields("struct", "gone", [
      { name: "pad", type: int },
      { name: "x", type: int },
    ]);
    const relocator = new CoreRelocator(local, { kernel: base, modules: [module.toBtf()] });
    expect(relocator.resolve(relo("task", "0:0", 0))).toMatchObject({ newValue: 0n });
    expect(relocator.resolve(relo("gone", "0:0", 0))).toMatchObject({ newValue: 4n });
    expect(relocator.resolve(relo("task", "0", BPF_CORE_TYPE_ID_LOCAL))).toMatchObject({
      newValue: BigInt(id("task")),
      validate: false,
    });
    expect(relocator.resolve(relo("state", "0", BPF_CORE_ENUMVAL_VALUE))).toMatchObject({ poison: true });
  });
});

describe("flexible arrays, sizes and 6.18's element rule", () => {
  const build = (count: number, element: "u8" | "u32"): Btf => {
    const b = new BtfBuilder();
    const u8 = b.addInt("u8", 1);
    const u32 = b.addInt("u32", 4);
    b.addFields("struct", "s", [
      { name: "pad", type: u32 },
      { name: "list", type: b.addArray(element === "u8" ? u8 : u32, count, u32) },
    ]);
    return b.toBtf();
  };
  const resolve = (from: Btf, to: Btf, access: string, kind: number): CoreResolution => {
    const type = from.findByName("s", "struct")!;
    return resolveCoreRelo(from, { insnOffset: 0, type, access, kind }, findCoreCandidates(from, type, to));
  };

  test("an array at the end may be accessed anywhere", () => {
    expect(resolve(build(0, "u32"), build(0, "u32"), "0:1:9", BPF_CORE_FIELD_BYTE_OFFSET)).toMatchObject({
      newValue: 40n,
    });
    expect(resolve(build(0, "u32"), build(4, "u32"), "0:1:9", BPF_CORE_FIELD_BYTE_OFFSET)).toMatchObject({
      poison: true,
    });
  });

  test("a whole array counts by its elements, whatever their number", () => {
    // Linux 6.18 answers so when it relocates itself; libbpf before 1.6 compared the sizes of the arrays.
    const other = resolve(build(8, "u8"), build(16, "u8"), "0:1", BPF_CORE_FIELD_BYTE_OFFSET);
    expect(other).toMatchObject({ originalSize: 1, newSize: 1, failMemorySize: false });
    expect(resolve(build(8, "u8"), build(16, "u8"), "0:1", BPF_CORE_FIELD_BYTE_SIZE)).toMatchObject({
      originalValue: 8n,
      newValue: 16n,
    });
  });
});

test("types that refer to each other are compared in bounded time", () => {
  const b = new BtfBuilder();
  let at = b.addStruct("s", 0, []);
  for (let i = 0; i < 40; i++) {
    const member = { name: "", type: at, bitOffset: 0, bitfieldSize: 0 };
    at = b.addStruct("", 0, new Array(8).fill(member));
  }
  const top = b.addStruct("top", 0, [{ name: "", type: at, bitOffset: 0, bitfieldSize: 0 }]);
  const own = b.addStruct("top___own", 4, [{ name: "x", type: b.addInt("int", 4), bitOffset: 0, bitfieldSize: 0 }]);
  const btf = b.toBtf();
  withinCpuTime(2000, () => {
    for (const kind of [BPF_CORE_FIELD_BYTE_OFFSET, BPF_CORE_TYPE_MATCHES]) {
      const request: CoreRelo = {
        insnOffset: 0,
        type: kind === BPF_CORE_TYPE_MATCHES ? top : own,
        access: kind === 0 ? "0:0" : "0",
        kind,
      };
      try {
        resolveCoreRelo(btf, request, [{ btf, type: top }]);
      } catch (error) {
        expect(error).toBeInstanceOf(BtfError);
      }
    }
  });
  expect(
    resolveCoreRelo(btf, { insnOffset: 0, type: top, access: "0", kind: BPF_CORE_TYPE_EXISTS }, [{ btf, type: top }]),
  ).toMatchObject({ newValue: 1n });
});

describe("instructions", () => {
  const result = (changes: Partial<CoreResult>): CoreResult => ({
    poison: false,
    validate: true,
    originalValue: 4n,
    newValue: 12n,
    originalSize: 0,
    newSize: 0,
    failMemorySize: false,
    ...changes,
  });
  const insn = (code: number, dst: number, src: number, off: number, imm: number): CoreInsn => ({
    code,
    dst,
    src,
    off,
    imm,
  });
  const mov = insn(0xb7, 1, 0, 0, 4);
  const load = insn(0x61, 1, 2, 4, 0);
  const wide = insn(0x18, 1, 0, 0, 4);
  const half = insn(0, 0, 0, 0, 0);
  const poison = insn(0x85, 0, 0, 0, 195896080);

  test.each<[string, CoreInsn, CoreInsn | undefined, Partial<CoreResult>, CoreInsn[]]>([
    ["mov", mov, undefined, {}, [{ ...mov, imm: 12 }]],
    ["add", insn(0x07, 1, 0, 0, 4), undefined, {}, [insn(0x07, 1, 0, 0, 12)]],
    ["32-bit mov", insn(0xb4, 1, 0, 0, 4), undefined, {}, [insn(0xb4, 1, 0, 0, 12)]],
    ["mov of what is not compared", insn(0xb7, 1, 0, 0, 99), undefined, { validate: false }, [{ ...mov, imm: 12 }]],
    [
      "mov of a negative",
      { ...mov, imm: -4 },
      undefined,
      { originalValue: 0xfffffffffffffffcn, newValue: 0xffffffffn },
      [{ ...mov, imm: -1 }],
    ],
    ["load", load, undefined, {}, [{ ...load, off: 12 }]],
    ["store", insn(0x63, 1, 2, 4, 0), undefined, {}, [insn(0x63, 1, 2, 12, 0)]],
    ["store of an immediate", insn(0x62, 1, 0, 4, 7), undefined, {}, [insn(0x62, 1, 0, 12, 7)]],
    ["load of a grown field", load, undefined, { originalSize: 4, newSize: 8 }, [insn(0x79, 1, 2, 12, 0)]],
    ["load of a shrunk field", load, undefined, { originalSize: 4, newSize: 1 }, [insn(0x71, 1, 2, 12, 0)]],
    [
      "load of a field that cannot be resized",
      load,
      undefined,
      { failMemorySize: true, originalSize: 4, newSize: 8 },
      [poison],
    ],
    [
      "64-bit load",
      wide,
      half,
      { newValue: 0x123456789n },
      [
        { ...wide, imm: 0x23456789 },
        { ...half, imm: 1 },
      ],
    ],
    [
      "64-bit load of -1",
      { ...wide, imm: -1 },
      { ...half, imm: -1 },
      { originalValue: 2n ** 64n - 1n },
      [{ ...wide, imm: 12 }, half],
    ],
    ["failed mov", mov, undefined, { poison: true }, [poison]],
    ["failed load", load, undefined, { poison: true }, [poison]],
    ["failed 64-bit load", wide, half, { poison: true }, [poison, poison]],
  ])("%s", (_, first, second, changes, expected) => {
    const before = structuredClone([first, second]);
    expect(patchCoreInsn(first, second, result(changes))).toEqual(expected);
    expect([first, second]).toEqual(before);
  });

  test.each<[string, CoreInsn, CoreInsn | undefined, Partial<CoreResult>, number]>([
    ["unexpected insn (ALU/ALU64) value: got 5, exp 4 -> 12", { ...mov, imm: 5 }, undefined, {}, 22],
    ["unexpected insn (LDX/ST/STX) value: got 5, exp 4 -> 12", { ...load, off: 5 }, undefined, {}, 22],
    ["unexpected insn (LDIMM64) value: got 4294967300, exp 4 -> 12", wide, { ...half, imm: 1 }, {}, 22],
    ["insn (LDX/ST/STX) value too big: 32768", load, undefined, { newValue: 32768n }, 34],
    ["unexpected mem size: got 4, exp 2", load, undefined, { originalSize: 2, newSize: 4 }, 22],
    ["invalid new mem size: 3", load, undefined, { originalSize: 4, newSize: 3 }, 22],
    ["insn (LDIMM64) has unexpected form", wide, undefined, {}, 22],
    ["insn (LDIMM64) has unexpected form", { ...wide, src: 1 }, half, {}, 22],
    ["insn (LDIMM64) has unexpected form", insn(0x20, 0, 0, 0, 4), half, {}, 22],
    ["trying to relocate unrecognized insn, code:0xbf", insn(0xbf, 1, 2, 0, 0), undefined, {}, 22],
    ["trying to relocate unrecognized insn, code:0x85", insn(0x85, 0, 0, 0, 1), undefined, {}, 22],
  ])("%s", (message, first, second, changes, errno) => {
    const patch = (): unknown => patchCoreInsn(first, second, result(changes));
    expect(patch).toThrow(message);
    try {
      patch();
    } catch (error) {
      expect((error as BtfError).errno).toBe(errno);
    }
  });
});
