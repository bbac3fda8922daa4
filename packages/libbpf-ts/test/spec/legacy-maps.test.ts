import { expect, test } from "vitest";
import { openObject } from "../../src/index.ts";
import { buildElf, RETURN_0 } from "../elf/build-elf.ts";
import { readProg } from "../objects.ts";

/** 32-bit words, little-endian. */
function words(...values: number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(values).buffer);
}

/** An object whose section `maps` holds the given definitions, one a symbol. */
function withMaps(definitions: Readonly<Record<string, Uint8Array>>, options: { sizes?: boolean } = {}): Uint8Array {
  const data: number[] = [];
  const symbols = Object.entries(definitions).map(([name, bytes]) => {
    const value = data.length;
    data.push(...bytes);
    return { name, section: 2, value, type: 1, ...(options.sizes === true ? { size: bytes.length } : {}) };
  });
  return buildElf(
    [
      { name: "xdp", flags: 4, data: RETURN_0 },
      { name: "maps", data },
    ],
    symbols,
  );
}

test("four layouts of struct bpf_map_def, compiled", () => {
  const spec = openObject(readProg("loader_legacy"), { name: "legacy" });
  const summary = [...spec.maps.values()].map((map) => [
    map.declaredName,
    map.origin,
    map.type,
    map.keySize,
    map.valueSize,
    map.maxEntries,
    map.mapFlags,
  ]);
  expect(summary).toEqual([
    ["annotated", "legacy", 1, 4, 8, 3, 1],
    ["outer", "legacy", 13, 4, 4, 2, 0],
    ["brief", "legacy", 2, 4, 8, 2, 0],
    ["shared", "legacy", 2, 4, 4, 1, 0],
    [".bss", "bss", 2, 4, 12, 1, 0x400],
  ]);
  expect(spec.map("outer").inner).toMatchObject({
    name: "outer.inner",
    type: 1,
    keySize: 4,
    valueSize: 8,
    maxEntries: 3,
  });
  expect(spec.warnings).toEqual(["map shared: its definition of 36 bytes is not zero at byte 24: ignored"]);
  expect(spec.license).toBe("");
});

test("types by BPF_ANNOTATE_KV_PAIR", () => {
  const spec = openObject(readProg("loader_legacy"));
  const { keyTypeId, valueTypeId } = spec.map("annotated");
  expect(spec.btf?.type(spec.btf.resolve(keyTypeId))).toMatchObject({ kind: "int", size: 4 });
  expect(spec.btf?.type(valueTypeId)).toMatchObject({ kind: "struct", name: "pair" });
  expect(spec.map("brief")).toMatchObject({ keyTypeId: 0, valueTypeId: 0 });
});

test("references find maps of all sections", () => {
  const { functions } = openObject(readProg("loader_legacy"));
  expect(functions.get("look")?.references).toEqual([
    { insn: 4, kind: "map", name: "brief" },
    { insn: 11, kind: "map", name: "shared" },
  ]);
});

test("definitions of different lengths in one section, with and without symbol sizes", () => {
  const definitions = { four: words(2, 4, 8, 1), seven: words(1, 4, 4, 9, 1, 0, 0), five: words(6, 4, 4, 1, 0) };
  for (const sizes of [true, false]) {
    const spec = openObject(withMaps(definitions, { sizes }));
    expect(
      [...spec.maps.values()].map(({ name, type, maxEntries, mapFlags }) => [name, type, maxEntries, mapFlags]),
    ).toEqual([
      ["four", 2, 1, 0],
      ["seven", 1, 9, 1],
      ["five", 6, 1, 0],
    ]);
    expect(spec.warnings).toEqual([]);
  }
});

test("iproute2's map-in-map: the template is the map whose id is inner_id", () => {
  const file = withMaps({
    outer: words(12, 4, 4, 2, 0, 1, 0, 7, 0),
    other: words(2, 4, 8, 1, 0, 6, 0, 0, 0),
    inner: words(2, 4, 16, 5, 0, 7, 0, 0, 0),
  });
  const spec = openObject(file);
  expect(spec.map("outer").inner).toMatchObject({ name: "outer.inner", type: 2, valueSize: 16, maxEntries: 5 });
  expect(spec.map("inner").inner).toBeUndefined();
  expect(spec.warnings).toEqual([]);
});

test("gobpf's definitions: what is behind the known words is warned of", () => {
  const namespace = new Uint8Array(256);
  namespace.set([0x6e, 0x73]);
  const spec = openObject(withMaps({ m: new Uint8Array([...words(1, 4, 8, 16, 0, 2), ...namespace]) }));
  expect(spec.map("m")).toMatchObject({ type: 1, keySize: 4, valueSize: 8, maxEntries: 16 });
  expect(spec.warnings).toEqual(["map m: its definition of 280 bytes is not zero at bytes 20, 24: ignored"]);
});

test.each([
  [
    "too short",
    withMaps({ m: words(1, 4, 8) }),
    "map m: definition at bytes 0..12 of section maps: at least 16 are needed",
  ],
  [
    "a symbol outside of its section",
    buildElf([{ name: "maps", data: words(1, 4, 4, 1) }], [{ name: "m", section: 1, value: 400, type: 1 }]),
    "map m: definition at bytes 400..16 of section maps: at least 16 are needed",
  ],
  [
    "no symbols",
    buildElf([{ name: "maps", data: words(1, 4, 4, 1) }]),
    "section maps: 16 bytes and no symbol that names a map",
  ],
])("%s", (_, file, message) => {
  expect(() => openObject(file)).toThrow(message);
});
