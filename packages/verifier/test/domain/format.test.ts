import { describe, expect, it } from "vitest";
import {
  constant,
  equalsScalar,
  formatRanges,
  formatScalar,
  formatSigned,
  formatTnum,
  formatUnsigned,
  fromSignedRange,
  fromTnum,
  fromUnsignedRange,
  parseScalar,
  truncate,
  UNKNOWN,
  zext32,
} from "../../src/domain/index.ts";

/** States as Linux 6.18 printed them. */
const KERNEL_LINES = [
  "0",
  "-1",
  "32767",
  "-32768",
  "0x8000",
  "0xffff8000ffff7fff",
  "scalar()",
  "scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))",
  "scalar(smin=umin=smin32=umin32=5,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))",
  "scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))",
  "scalar(smin=umin=umin32=56,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))",
  "scalar(smin=0xffffffff00000001,smax=-56,umin=0xffffffff00000001,umax=0xffffffffffffffc8,umin32=1,umax32=0xffffffc8,var_off=(0xffffffff00000000; 0xffffffff))",
  "scalar(smin=0xffffffff00000039,smax=1750)",
  "scalar(smin=smin32=-128,smax=smax32=127)",
  "scalar(smin=0,smax=umax=0xffffffff,smin32=-128,smax32=127,var_off=(0x0; 0xffffffff))",
  "scalar(smax=0x7ffffffe00000000,umax=0xfffffffe00000000,smin32=0,smax32=umax32=0,var_off=(0x0; 0xfffffffe00000000))",
  "scalar(smin=umin=smin32=umin32=0xff800000,smax=umax=smax32=umax32=0xffc00000,var_off=(0xff800000; 0x400000))",
  "scalar(smin=smin32=-2,smax=smax32=-1,umin=0xfffffffffffffffe,umin32=0xfffffffe,var_off=(0xfffffffffffffffe; 0x1))",
  "scalar(smin=umin=umin32=0x80000,smax=umax=0xfffffffffffff,smin32=0x80080000,var_off=(0x80000; 0xffffffff7ffff))",
];

describe("kernel log text", () => {
  it.each(KERNEL_LINES)("%s survives reading and writing", (line) => {
    const s = parseScalar(line);
    expect(s).toBeDefined();
    expect(formatScalar(s!)).toBe(line);
  });

  it("is read into the fields it names", () => {
    const s = parseScalar("scalar(id=3,smin=smin32=-5,umax=0x10000,smax32=0xfffffffe,umin32=7,var_off=(0x10; 0xf))")!;
    expect(s).toMatchObject({
      smin: -5n,
      s32min: -5,
      umax: 65536n,
      s32max: -2,
      u32min: 7,
      umin: 0n,
      u32max: 0xffff_ffff,
    });
    expect([s.tnum.value, s.tnum.mask]).toEqual([16n, 15n]);
  });

  it("skips precision marks, ids and deltas", () => {
    expect(equalsScalar(parseScalar("P7")!, constant(7))).toBe(true);
    expect(equalsScalar(parseScalar("Pscalar(id=2)")!, UNKNOWN)).toBe(true);
    expect(equalsScalar(parseScalar("scalar(id=2+16,umin=1)")!, parseScalar("scalar(umin=1)")!)).toBe(true);
    expect(parseScalar("scalar(umin=1)")!.umin).toBe(1n);
  });

  it.each(["", "ctx()", "fp0", "fp-8", "map_value(ks=4)", "scalar", "scalar(", "0x", "--1", "5;", "mmmmmmmm"])(
    "%j is no scalar",
    (text) => {
      expect(parseScalar(text)).toBeUndefined();
    },
  );
});

describe("numbers", () => {
  it.each([
    [0n, "0"],
    [65535n, "65535"],
    [65536n, "0x10000"],
    [0xffff_ffff_ffff_ffffn, "0xffffffffffffffff"],
  ])("unsigned %s", (v, text) => expect(formatUnsigned(v)).toBe(text));
  it.each([
    [-32768n, "-32768"],
    [32767n, "32767"],
    [32768n, "0x8000"],
    [-32769n, "0xffffffffffff7fff"],
  ])("signed %s", (v, text) => expect(formatSigned(v)).toBe(text));
  it("bits", () => {
    expect(formatTnum({ value: 0n, mask: 255n })).toBe("(0x0; 0xff)");
    expect(formatTnum({ value: 65535n, mask: 0n })).toBe("65535");
    expect(formatTnum({ value: 65536n, mask: 0n })).toBe("0x10000");
  });
});

describe("what is known, in words", () => {
  it("of loads and ranges", () => {
    expect(formatScalar(truncate(UNKNOWN, 1))).toBe(
      "scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))",
    );
    expect(formatScalar(zext32(UNKNOWN))).toBe("scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))");
    expect(formatScalar(fromSignedRange(-4095n, 0n))).toBe("scalar(smin=smin32=-4095,smax=smax32=0)");
    expect(formatScalar(fromUnsignedRange(0n, 7n), "id=1")).toBe(
      "scalar(id=1,smin=smin32=0,smax=umax=smax32=umax32=7,var_off=(0x0; 0x7))",
    );
    expect(formatScalar(fromTnum({ value: 4n, mask: 1n }))).toBe(
      "scalar(smin=umin=smin32=umin32=4,smax=umax=smax32=umax32=5,var_off=(0x4; 0x1))",
    );
    expect(formatScalar(UNKNOWN, "id=5+8")).toBe("scalar(id=5+8)");
    expect(formatRanges(UNKNOWN)).toBe("");
  });
});
