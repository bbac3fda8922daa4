import { describe, expect, it } from "vitest";
import { isOpcode, type OpcodeInfo, opcodeInfo } from "../../src/index.ts";

// What a running Linux 6.18 does not answer "unknown opcode" about.
const LINUX_6_18 = [
  4, 5, 6, 7, 12, 15, 20, 21, 22, 23, 24, 28, 29, 30, 31, 32, 36, 37, 38, 39, 40, 44, 45, 46, 47, 48, 52, 53, 54, 55,
  60, 61, 62, 63, 64, 68, 69, 70, 71, 72, 76, 77, 78, 79, 80, 84, 85, 86, 87, 92, 93, 94, 95, 97, 98, 99, 100, 101, 102,
  103, 105, 106, 107, 108, 109, 110, 111, 113, 114, 115, 116, 117, 118, 119, 121, 122, 123, 124, 125, 126, 127, 129,
  132, 133, 135, 137, 145, 148, 149, 151, 156, 159, 164, 165, 166, 167, 172, 173, 174, 175, 180, 181, 182, 183, 188,
  189, 190, 191, 195, 196, 197, 198, 199, 203, 204, 205, 206, 207, 211, 212, 213, 214, 215, 219, 220, 221, 222, 229,
];

describe("table of opcodes", () => {
  it("knows the 128 opcodes of Linux 6.18, and refuses the others", () => {
    const known = Array.from({ length: 256 }, (_, code) => code).filter(isOpcode);
    expect(LINUX_6_18).toHaveLength(128);
    expect(known).toEqual(LINUX_6_18);
    for (let code = 0; code < 256; code++) {
      if (code === 0x8d) continue;
      expect(opcodeInfo(code)?.code, `${code}`).toBe(LINUX_6_18.includes(code) ? code : undefined);
    }
  });

  it("describes callx, which Linux refuses", () => {
    expect(opcodeInfo(0x8d)).toEqual({
      code: 0x8d,
      family: "callx",
      class: 5,
      size: 0,
      source: undefined,
      slots: 1,
      linux: false,
    });
    expect(isOpcode(0x8d)).toBe(false);
  });

  it.each<[number, Omit<OpcodeInfo, "code" | "linux">]>([
    [0x07, { family: "alu", class: 7, size: 0, source: "K", slots: 1 }],
    [0x0c, { family: "alu", class: 4, size: 0, source: "X", slots: 1 }],
    [0x05, { family: "ja", class: 5, size: 0, source: undefined, slots: 1 }],
    [0x06, { family: "gotol", class: 6, size: 0, source: undefined, slots: 1 }],
    [0x18, { family: "imm64", class: 0, size: 8, source: undefined, slots: 2 }],
    [0x30, { family: "abs", class: 0, size: 1, source: undefined, slots: 1 }],
    [0x48, { family: "ind", class: 0, size: 2, source: undefined, slots: 1 }],
    [0x5e, { family: "jmp", class: 6, size: 0, source: "X", slots: 1 }],
    [0x61, { family: "ldx", class: 1, size: 4, source: undefined, slots: 1 }],
    [0x7a, { family: "st", class: 2, size: 8, source: undefined, slots: 1 }],
    [0x73, { family: "stx", class: 3, size: 1, source: undefined, slots: 1 }],
    [0x89, { family: "ldsx", class: 1, size: 2, source: undefined, slots: 1 }],
    [0x84, { family: "neg", class: 4, size: 0, source: undefined, slots: 1 }],
    [0x85, { family: "call", class: 5, size: 0, source: undefined, slots: 1 }],
    [0x95, { family: "exit", class: 5, size: 0, source: undefined, slots: 1 }],
    [0xb7, { family: "mov", class: 7, size: 0, source: "K", slots: 1 }],
    [0xd7, { family: "end", class: 7, size: 0, source: undefined, slots: 1 }],
    [0xdb, { family: "atomic", class: 3, size: 8, source: undefined, slots: 1 }],
    [0xe5, { family: "jcond", class: 5, size: 0, source: undefined, slots: 1 }],
  ])("describes opcode %i", (code, info) => {
    expect(opcodeInfo(code)).toEqual({ code, linux: true, ...info });
  });

  it.each([-1, 256, 1.5, Number.NaN])("has no row for %d", (code) => {
    expect(opcodeInfo(code)).toBeUndefined();
    expect(isOpcode(code)).toBe(false);
  });
});
