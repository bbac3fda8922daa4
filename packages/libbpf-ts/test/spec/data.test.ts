import { describe, expect, test } from "vitest";
import { linkProgram, type ObjectSpec, openObject } from "../../src/index.ts";
import { hex, readProg } from "../objects.ts";

function open(): ObjectSpec {
  return openObject(readProg("loader_data"), { name: "loader_data" });
}

test("sections of global data are arrays of one value, named as libbpf names them", () => {
  // As bpf_map__name() and its like answer in libbpf 1.5.
  expect(
    [...open().maps.values()].map((map) => [
      map.declaredName,
      map.name,
      map.type,
      map.keySize,
      map.valueSize,
      map.maxEntries,
      map.mapFlags,
    ]),
  ).toEqual([
    [".data", "loader_d.data", 2, 4, 20, 1, 0x400],
    [".rodata", "loader_d.rodata", 2, 4, 13, 1, 0x480],
    [".data.custom", ".data.custom", 2, 4, 4, 1, 0x400],
    [".rodata.magic", ".rodata.magic", 2, 4, 2, 1, 0x80],
    [".data.secret", ".data.secret", 2, 4, 4, 1, 0],
    [".bss", "loader_d.bss", 2, 4, 12, 1, 0x400],
    [".bss.pool", ".bss.pool", 2, 4, 16, 1, 0],
  ]);
});

test("their contents", () => {
  const spec = open();
  expect([...spec.maps.values()].map(({ contents }) => hex(contents))).toEqual([
    "0700000001000000feffffff0500000003000000",
    "6400000068656c6c6f00000000",
    "44332211",
    "efbe",
    "2a000000",
    "none",
    "none",
  ]);
});

test("variables by name, typed", () => {
  const { variables } = open();
  expect(
    [...variables.values()].map(({ name, section, offset, size, isStatic }) => [name, section, offset, size, isStatic]),
  ).toEqual([
    ["start", ".data", 0, 4, false],
    ["corner", ".data", 4, 8, false],
    ["color", ".data", 12, 4, false],
    ["step_size", ".data", 16, 4, true],
    ["limit", ".rodata", 0, 4, false],
    ["greeting", ".rodata", 4, 8, false],
    ["verbose", ".rodata", 12, 1, false],
    ["custom", ".data.custom", 0, 4, false],
    ["magic", ".rodata.magic", 0, 2, true],
    ["secret", ".data.secret", 0, 4, true],
    ["runs", ".bss", 0, 8, false],
    ["hidden_runs", ".bss", 8, 4, true],
    ["pool", ".bss.pool", 0, 16, true],
  ]);
  expect(Object.fromEntries([...variables].map(([name, variable]) => [name, variable.get()]))).toEqual({
    start: 7,
    corner: { x: 1, y: -2 },
    color: "GREEN",
    step_size: 3,
    limit: 100,
    greeting: "hello",
    verbose: false,
    custom: 0x11223344,
    magic: 0xbeef,
    secret: 42,
    runs: 0n,
    hidden_runs: 0,
    pool: [0, 0, 0, 0],
  });
});

test("variables can be given other values, also in .bss and .rodata", () => {
  const spec = open();
  spec.variable("corner").set({ x: -1, y: 0x01020304 });
  spec.variable("verbose").set(true);
  spec.variable("runs").set(2);
  spec.variable("greeting").set(new Uint8Array(8).fill(0x41));
  expect(hex(spec.map(".data").contents)).toBe("07000000ffffffff040302010500000003000000");
  expect(hex(spec.map(".rodata").contents)).toBe("64000000414141414141414101");
  expect(hex(spec.map(".bss").contents)).toBe("020000000000000000000000");
  expect(spec.variable("runs").get()).toBe(2n);
  expect(() => spec.variable("start").set("seven")).toThrow("start: ");
  expect(() => spec.variable("start").set(new Uint8Array(3))).toThrow("start: expected 4 bytes, got 3");
  expect(() => spec.variable("begin")).toThrow(
    'no global variable in loader_data is named "begin": there are start, corner, color',
  );
});

test("another spec of the same bytes does not share them", () => {
  const bytes = readProg("loader_data");
  const one = openObject(bytes);
  const two = openObject(bytes);
  one.variable("start").set(1);
  one.functions.get("count")!.insns.fill(0);
  bytes.fill(0xff);
  expect(two.variable("start").get()).toBe(7);
  expect(hex(two.functions.get("count")!.insns).slice(0, 4)).toBe("1802");
});

describe("programs as libbpf 1.5 passes them to BPF_PROG_LOAD", () => {
  const FDS = new Map([
    [".data", 4],
    [".rodata", 5],
    [".data.custom", 6],
    [".rodata.magic", 7],
    [".data.secret", 8],
    [".bss", 9],
    [".bss.pool", 11],
  ]);
  const link = (name: string): string => {
    const spec = open();
    return hex(linkProgram(spec.program(name), spec.functions, (map) => ({ fd: FDS.get(map)! })).insns);
  };

  test("variables of all sections", () => {
    expect(link("count")).toBe(
      "18220000090000000000000000000000792300000000000007030000010000007b320000000000001822000009000000000000000800000061" +
        "23000000000000040300000200000063320000000000001822000004000000000000001000000061220000000000001823000004000000" +
        "000000000000000061300000000000000c2000000000000063030000000000006111000000000000182200000600000000000000000000" +
        "006123000000000000040300000100000063320000000000001822000008000000000000000000000061230000000000000403000001" +
        "000000633200000000000054010000030000006701000002000000182200000b00000000000000000000000f120000000000006121000000" +
        "000000040100000100000063120000000000001821000005000000000000000c0000007111000000000000560108000100000018210000" +
        "07000000000000000000000069110000000000001822000004000000000000000400000061230000000000000c13000000000000633200" +
        "0000000000182100000500000000000000000000006112000000000000de200100000000006110000000000000950000" +
        "0000000000",
    );
  });

  test("parts of variables", () => {
    expect(link("set_step")).toBe(
      "61110000000000001822000004000000000000001000000063120000000000001821000004000000000000000400000061100400000000009500000000000000",
    );
  });
});

test("BTF: sizes and offsets of data sections are filled in, hidden variables static", () => {
  const { btf } = open();
  const datasec = (name: string): unknown => {
    const section = btf!.type(btf!.findByName(name, "datasec")!);
    if (section.kind !== "datasec") return section.kind;
    return [section.size, section.vars.map(({ type, offset, size }) => `${btf!.nameOf(type)} ${offset} ${size}`)];
  };
  expect(datasec(".data")).toEqual([20, ["start 0 4", "corner 4 8", "color 12 4", "step_size 16 4"]]);
  expect(datasec(".rodata")).toEqual([13, ["limit 0 4", "greeting 4 8", "verbose 12 1"]]);
  expect(datasec(".bss")).toEqual([12, ["runs 0 8", "hidden_runs 8 4"]]);
  const secret = btf!.type(btf!.findByName("secret", "var")!);
  expect(secret).toMatchObject({ kind: "var", linkage: 0 });
});
