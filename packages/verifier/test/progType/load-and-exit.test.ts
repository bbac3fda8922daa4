import { describe, expect, it } from "vitest";
import { checkLoadAttach, checkLoadCaps, fixedUpAttachType } from "../../src/progType/load.ts";
import { PROG_TYPES, progTypeById } from "../../src/progType/table.ts";
import type { ExitRule } from "../../src/progType/types.ts";
import { progFacts } from "./facts.ts";

const NO_TARGET = { btfId: 0, prog: false };
const ALL = Array.from({ length: 58 }, (_, i) => i);
const SOCK_ADDR = [8, 9, 10, 11, 14, 15, 19, 20, 29, 30, 31, 32, 49, 50, 51, 52, 53];

/**
 * Attach types from 0 to 57 that a running 6.18 loads each program type with, by loading `r0 = 0; exit`, log aside (types that it refuses
 * there for other reasons are left out).
 */
const LOADABLE: Readonly<Record<number, readonly number[]>> = {
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 19, 22, 23, 24].map((type) => [type, ALL]),
  ),
  8: [0, 1],
  9: [0, 2, 12, 13, 34],
  18: SOCK_ADDR,
  21: [0, 39, 40],
  25: [21, 22],
  30: [36],
  31: [0],
  32: [45],
};

describe("attach types at load agree with a running 6.18", () => {
  it.each(Object.entries(LOADABLE))("program type %s", (type, expected) => {
    const progType = Number(type);
    const loadable = ALL.filter(
      (attachType) => checkLoadAttach(progType, fixedUpAttachType(progType, attachType), NO_TARGET) === 0,
    );
    expect(loadable).toEqual(expected);
  });

  it.each([
    [26, 24, { btfId: 5, prog: false }, 0],
    [26, 24, { btfId: 5, prog: true }, 0],
    [29, 27, { btfId: 5, prog: true }, 22],
    [28, 0, { btfId: 5, prog: true }, 0],
    [28, 1, { btfId: 5, prog: true }, 22],
    [27, 3, { btfId: 5, prog: false }, 0],
    [6, 37, { btfId: 5, prog: false }, 22],
    [6, 37, { btfId: 0, prog: true }, 22],
    [0, 0, NO_TARGET, 22],
    [33, 0, NO_TARGET, 22],
  ])("type %i, attach type %i, target %o: errno %i", (progType, attachType, target, errno) => {
    expect(checkLoadAttach(progType, attachType, target)).toBe(errno);
  });

  it("reads 0 as the oldest attach type of two types", () => {
    expect([9, 21, 8, 6].map((type) => fixedUpAttachType(type, 0))).toEqual([2, 39, 0, 0]);
    expect(fixedUpAttachType(9, 12)).toBe(12);
  });
});

describe("capabilities at load agree with a running 6.18", () => {
  const NET_ADMIN = [3, 4, 6, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 22, 23, 25, 32];
  const PERFMON = [2, 5, 7, 17, 24, 26, 27];
  const NEITHER = [1, 8, 21, 30, 31];
  const types = [...NET_ADMIN, ...PERFMON, ...NEITHER];
  const caps = { bpf: true, perfmon: false, netAdmin: false, sysAdmin: false };
  const loadable = (given: typeof caps): number[] => types.filter((type) => checkLoadCaps(type, given) === 0);

  it.each([
    ["CAP_BPF", caps, NEITHER],
    ["CAP_BPF, CAP_NET_ADMIN", { ...caps, netAdmin: true }, [...NET_ADMIN, ...NEITHER]],
    ["CAP_BPF, CAP_PERFMON", { ...caps, perfmon: true }, [...PERFMON, ...NEITHER]],
    ["CAP_SYS_ADMIN", { ...caps, bpf: false, sysAdmin: true }, types],
    ["none", { ...caps, bpf: false }, []],
    ["all but CAP_BPF", { bpf: false, perfmon: true, netAdmin: true, sysAdmin: false }, []],
  ])("%s", (_, given, expected) => {
    expect(loadable(given)).toEqual(expected);
  });

  it("programs that replace others need both", () => {
    expect(checkLoadCaps(28, { ...caps, perfmon: true })).toBe(1);
    expect(checkLoadCaps(28, { ...caps, perfmon: true, netAdmin: true })).toBe(0);
  });
});

describe("R0 at exit agrees with a running 6.18", () => {
  const rule = (program: string): ExitRule => {
    const [progType, expectedAttachType] = program.split("/").map(Number);
    return progTypeById(progType!)!.exitRule(
      progFacts({ progType: progType!, expectedAttachType: expectedAttachType! }),
    );
  };
  it.each([
    [
      "any",
      "1/0 2/0 3/0 4/0 5/0 6/37 7/0 10/0 11/0 12/0 14/0 16/0 17/0 19/0 21/39 21/40 22/0 24/0 26/23 31/0 2/42 2/48",
    ],
    [
      "0..1",
      "13/0 15/0 23/0 8/0 9/2 9/34 9/12 9/13 18/10 18/11 18/14 18/15 18/49 18/50 25/21 25/22 30/36 32/45 2/56 2/57 26/28",
    ],
    ["0..3", "8/1 18/8 18/9"],
    ["1..1", "18/19 18/20 18/29 18/30 18/31 18/32 18/51 18/52 18/53"],
    // These can't be loaded there; @see v6.18 kernel/bpf/verifier.c, check_return_code.
    ["0..0", "26/24 26/25"],
    ["any", "26/26 20/0"],
    ["attach-target", "26/1024 29/27 29/43"],
    ["refused", "26/0 26/27"],
  ])("%s: %s", (expected, programs) => {
    for (const program of programs.split(" ")) {
      const found = rule(program);
      const text = found.kind === "range" ? `${found.range.minval}..${found.range.maxval}` : found.kind;
      expect([program, text]).toEqual([program, expected]);
    }
  });
});

describe("the table of program types", () => {
  it("has all 32, named as libbpf names them", () => {
    expect([...PROG_TYPES.values()].map((row) => row.id).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 32 }, (_, i) => i + 1),
    );
    expect([1, 6, 17, 18, 24, 31].map((id) => progTypeById(id)?.name)).toEqual([
      "socket_filter",
      "xdp",
      "raw_tracepoint",
      "cgroup_sock_addr",
      "raw_tracepoint_writable",
      "syscall",
    ]);
    expect([progTypeById(0), progTypeById(33)]).toEqual([undefined, undefined]);
  });

  const withFlag = (has: (row: NonNullable<ReturnType<typeof progTypeById>>) => boolean | undefined): number[] =>
    [...PROG_TYPES.values()]
      .filter((row) => has(row) === true)
      .map((row) => row.id)
      .sort((a, b) => a - b);

  it("lets these read, write and load from packets", () => {
    expect(withFlag((row) => row.pktRead)).toEqual([3, 4, 6, 8, 10, 11, 12, 14, 16, 19, 21, 22, 25]);
    expect(withFlag((row) => row.pktWrite)).toEqual([3, 4, 6, 12, 14, 16, 25]);
    expect(withFlag((row) => row.ldAbs)).toEqual([1, 3, 4]);
    expect(withFlag((row) => row.pktInAnyHelper)).toEqual([25]);
  });

  it("lets these sleep", () => {
    expect(withFlag((row) => row.sleepable?.(0))).toEqual([2, 27, 29, 31]);
    expect([23, 24, 25, 26, 27, 28].filter((attachType) => progTypeById(26)?.sleepable?.(attachType))).toEqual([
      24, 25, 26, 28,
    ]);
    expect([27, 43].filter((attachType) => progTypeById(29)?.sleepable?.(attachType))).toEqual([27]);
  });

  it("knows which contexts are plain memory to helpers", () => {
    expect(withFlag((row) => row.plainContext)).toEqual([2, 5, 15, 17, 20, 24, 26, 27, 29, 31, 32]);
  });
});
