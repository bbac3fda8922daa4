/// <reference types="node" />
import { BpfError } from "@bpf-ts/uapi";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linkProgram, openObject } from "../../src/index.ts";
import { buildElf, type TestSection, type TestSymbol } from "../elf/build-elf.ts";
import { readProg } from "../objects.ts";

/** How many files a test makes up; more by the environment, for as long as there is time. */
const RUNS = Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 400);
/** CPU time that a file of some kB may take, ms: many times what any takes. What others do on the machine is not counted. */
const SMALL = 1000;
/** The same for a file of half a megabyte. Work that grows with the square of the file takes minutes. */
const LARGE = 10_000;

const OBJECTS = [
  "loader_calls",
  "loader_data",
  "loader_maps",
  "loader_legacy",
  "loader_externs",
  "loader_core",
  "bpf_map_trace",
];

/**
 * Opens a file and does with the spec what can be done without a kernel. All that may come out are specs and typed errors.
 *
 * @returns whether it is an object
 */
function exercise(file: Uint8Array, limit: number = SMALL): boolean {
  const start = process.cpuUsage();
  let isObject = true;
  const typed = (act: () => unknown): void => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof BpfError)) throw error;
      isObject = false;
    }
  };
  typed(() => {
    const spec = openObject(file);
    isObject = true;
    for (const program of spec.programs.values())
      typed(() => linkProgram(program, spec.functions, (name) => (spec.maps.has(name) ? { fd: 3 } : undefined)));
    for (const variable of spec.variables.values()) {
      typed(() => variable.get());
      typed(() => variable.set(new Uint8Array(variable.size)));
    }
  });
  const { user, system } = process.cpuUsage(start);
  const took = (user + system) / 1000;
  if (took > limit) throw new Error(`${took} ms for ${file.length} bytes`);
  return isObject;
}

/** A number that tends to be one that matters: small, a limit, all ones. */
const weighty = fc.oneof(
  fc.integer({ min: 0, max: 64 }),
  fc.constantFrom(0xff, 0xffff, 0xff00, 0xfff1, 0xfff2, 0x7fffffff, 0x80000000, 0xffffffff),
  fc.nat(0xffffffff),
);

describe("every beginning of an object", () => {
  test.each(["loader_core", "bpf_map_trace"])("%s", (name) => {
    const file = new Uint8Array(readProg(name));
    for (let length = 0; length < file.length; length++) {
      // The section table is at the end: nothing shorter is an object.
      expect(exercise(file.subarray(0, length)), `${length} bytes`).toBe(false);
    }
    expect(exercise(file)).toBe(name !== "loader_core");
  });
});

describe.each(OBJECTS)("%s", (name) => {
  const original = new Uint8Array(readProg(name));

  test("with words changed", () => {
    const change = fc.tuple(fc.nat(original.length - 1), fc.constantFrom(1, 2, 4, 8), weighty);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const file = original.slice();
        const view = new DataView(file.buffer);
        for (const [at, width, value] of changes) {
          if (width === 1 || at + width > file.length) file[at] = value;
          else if (width === 2) view.setUint16(at, value, true);
          else if (width === 4) view.setUint32(at, value, true);
          else view.setBigUint64(at, BigInt(value), true);
        }
        exercise(file);
      }),
      { numRuns: RUNS },
    );
  });

  test("with fields of section headers and symbols changed", () => {
    const view = new DataView(original.buffer);
    const table = Number(view.getBigUint64(40, true));
    const count = view.getUint16(60, true);
    const header = fc
      .tuple(fc.nat(count - 1), fc.constantFrom(0, 4, 8, 24, 32, 40, 44), weighty)
      .map(([section, field, value]) => [table + 64 * section + field, value] as const);
    const symtab = table + 64 * (count - 1);
    const symbols = Number(view.getBigUint64(symtab + 24, true));
    const symbolCount = Number(view.getBigUint64(symtab + 32, true)) / 24;
    const symbol = fc
      .tuple(fc.nat(symbolCount - 1), fc.constantFrom(0, 4, 6, 8, 16), weighty)
      .map(([index, field, value]) => [symbols + 24 * index + field, value] as const);
    fc.assert(
      fc.property(fc.array(fc.oneof(header, symbol), { minLength: 1, maxLength: 4 }), (changes) => {
        const file = original.slice();
        for (const [at, value] of changes) new DataView(file.buffer).setUint32(at, value, true);
        exercise(file);
      }),
      { numRuns: RUNS },
    );
  });
});

test("files put together from anything", () => {
  const section: fc.Arbitrary<TestSection> = fc.record({
    name: fc.constantFrom("xdp", ".text", "maps", ".maps", ".data", ".bss", ".rodata.x", ".BTF", ".BTF.ext", "version"),
    type: fc.constantFrom(0, 1, 2, 3, 4, 8, 9, 0x6fff4c03),
    flags: fc.constantFrom(0, 2, 4, 6, 0x800),
    data: fc.oneof(
      fc.uint8Array({ maxLength: 96 }),
      // Instructions that mean something to a loader.
      fc
        .array(fc.constantFrom([0x18, 0x11, 0, 0], [0x18, 0x42, 0, 0], [0x85, 0x10, 0, 0], [0x95, 0, 0, 0]), {
          maxLength: 9,
        })
        .map((heads) => new Uint8Array(heads.flatMap((head) => [...head, 0xff, 0xff, 0xff, 0xff]))),
      fc.array(fc.tuple(fc.nat(8), fc.nat(6)), { maxLength: 6 }).map((entries) => {
        const bytes = new Uint8Array(16 * entries.length);
        entries.forEach(([at, symbol], i) => {
          bytes[16 * i] = 8 * at;
          bytes[16 * i + 12] = symbol;
        });
        return bytes;
      }),
    ),
    link: fc.nat(8),
    info: fc.nat(8),
  });
  const symbol: fc.Arbitrary<TestSymbol> = fc.record({
    name: fc.constantFrom("", "a", "b", "c"),
    section: fc.oneof(fc.nat(7), fc.constantFrom(0xfff1, 0xfff2)),
    value: fc.nat(6).map((n) => 8 * n),
    size: fc.nat(6).map((n) => 8 * n),
    type: fc.nat(4),
    bind: fc.nat(2),
    visibility: fc.nat(3),
  });
  let objects = 0;
  fc.assert(
    fc.property(fc.array(section, { maxLength: 6 }), fc.array(symbol, { maxLength: 6 }), (sections, symbols) => {
      if (exercise(buildElf(sections, symbols))) objects++;
    }),
    { numRuns: 4 * RUNS },
  );
  // Not all of them may be refused at the door.
  expect(objects).toBeGreaterThan(RUNS / 20);
});

test("large files take time in proportion", () => {
  // 40,000 symbols at one place, with a name each that ends where the table ends.
  const code = new Uint8Array(8 * 4000);
  for (let i = 0; i < code.length; i += 8) code.set([0x85, 0x10, 0, 0, 0xff, 0xff, 0xff, 0xff], i);
  const symbols = Array.from({ length: 4000 }, (_, i) => ({ name: `f${i}`, section: 1, value: 8 * i, size: 8 }));
  const file = buildElf([{ name: ".text", flags: 4, data: code }], symbols);
  expect(exercise(file, LARGE)).toBe(true);
  const same = buildElf(
    [{ name: "xdp", flags: 4, data: code.subarray(0, 8) }],
    [...Array.from({ length: 20_000 }, (_, i) => ({ name: `f${i}`, section: 1, size: 8 }))],
  );
  expect(exercise(same, LARGE)).toBe(true);
});
