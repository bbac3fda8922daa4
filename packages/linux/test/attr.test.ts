import { describe, expect, test } from "vitest";
import { Attr } from "../src/attr.ts";
import { decodeMapInfo } from "../src/info/map-info.ts";

describe("union bpf_attr", () => {
  test("numbers, names and pointers lie where they are put, little endian", () => {
    const attr = new Attr({ address: () => 0x1122334455667788n });
    attr
      .u32(0, 0x01020304)
      .u64(8, -1n)
      .name(16, "a name that is too long")
      .pointer(40, new Uint8Array(1))
      .pointer(48, new Uint8Array(0));
    expect([...attr.bytes.subarray(0, 16)]).toEqual([4, 3, 2, 1, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    expect(new TextDecoder().decode(attr.bytes.subarray(16, 32))).toBe("a name that is t");
    expect([...attr.bytes.subarray(40, 56)]).toEqual([
      0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
  });
});

describe("struct bpf_map_info", () => {
  test("of a map", () => {
    const bytes = new Uint8Array(96);
    const view = new DataView(bytes.buffer);
    for (const [offset, value] of [
      [0, 1],
      [4, 42],
      [8, 4],
      [12, 8],
      [16, 10],
      [20, 1],
    ] as const) {
      view.setUint32(offset, value, true);
    }
    bytes.set(new TextEncoder().encode("fifteen_letters"), 24);
    expect(decodeMapInfo(bytes, true)).toMatchObject({
      type: 1,
      id: 42,
      keySize: 4,
      valueSize: 8,
      maxEntries: 10,
      mapFlags: 1,
      name: "fifteen_letters",
      frozen: true,
    });
  });
});
