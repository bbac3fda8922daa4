import { expect, test } from "vitest";
import { formatNs, formatTable } from "../../src/frame/report.ts";

test("durations have three digits and a unit that suits", () => {
  expect([0.204, 9.996, 50, 999.4, 1234, 56_789, 9.39e6, 2.5e9].map(formatNs)).toEqual([
    "0.20 ns",
    "10.00 ns",
    "50.0 ns",
    "999 ns",
    "1.23 µs",
    "56.8 µs",
    "9.39 ms",
    "2.50 s",
  ]);
});

test("the table", () => {
  const one = { median: 12, least: 11, most: 14 };
  const table = formatTable([
    { name: "isa: decode", unit: "instruction", rounds: 3, ours: one, aimNs: 50 },
    {
      name: "run: hash hit",
      unit: "operation",
      rounds: 3,
      ours: one,
      peer: { name: "running kernel", ...one, median: 40 },
      ratio: 0.3,
      aim: 0.35,
    },
    {
      name: "btf: open",
      unit: "opening",
      rounds: 3,
      ours: one,
      peerMissing: { name: "libbpf", reason: "not installed" },
    },
  ]);
  expect(table.split("\n")).toEqual([
    "                  ours                           compared with            ours / it        aim",
    "isa: decode    12.0 ns  ± 13 %  per instruction                                      ≤ 50.0 ns",
    "run: hash hit  12.0 ns  ± 13 %  per operation    running kernel  40.0 ns     0.30 ×   ≤ 0.35 ×",
    "btf: open      12.0 ns  ± 13 %  per opening      libbpf              n/a",
    "n/a: libbpf: not installed",
  ]);
});
