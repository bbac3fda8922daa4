import { describe, expect, test } from "vitest";
import { type MeasureOptions, measureRow } from "../../src/frame/measure.ts";
import { median } from "../../src/frame/median.ts";
import type { Row, Side } from "../../src/frame/row.ts";

/** A machine whose clock moves only while something runs. */
class FakeMachine {
  ns = 0;
  readonly ran: string[] = [];

  /** A side of which step number k costs `cost(k)` ns. */
  side(name: string, cost: (sample: number) => number, units?: number): Side {
    let samples = 0;
    return {
      ...(units === undefined ? {} : { units }),
      run: (n) => {
        this.ran.push(`${name} ${n}`);
        this.ns += n * cost(samples++);
      },
      close: () => this.ran.push(`${name} closed`),
    };
  }

  options(rounds: number, cold: MeasureOptions["cold"] = () => 0): MeasureOptions {
    return { rounds, sampleNs: 100, warmUpNs: 0, now: () => this.ns, cold };
  }
}

test("median", () => {
  expect(median([3])).toBe(3);
  expect(median([5, 1, 4])).toBe(4);
  expect(median([8, 1, 4, 2])).toBe(3);
  expect(() => median([])).toThrow(RangeError);
});

describe("measureRow", () => {
  test("finds how many steps a sample needs, then takes samples in turns and closes both sides", () => {
    const machine = new FakeMachine();
    const row: Row = {
      name: "row",
      unit: "step",
      ours: () => machine.side("ours", () => 10),
      peer: { name: "peer", open: () => machine.side("peer", () => 50) },
    };
    const result = measureRow(row, machine.options(3));
    expect(machine.ran).toEqual([
      // 1 step: 10 ns; ten times as many at most: 100 ns are enough.
      "ours 1",
      "ours 10",
      // 1 step: 50 ns; 1.2 × 100 / 50, rounded up.
      "peer 1",
      "peer 3",
      ...["ours 10", "peer 3", "ours 10", "peer 3", "ours 10", "peer 3"],
      "ours closed",
      "peer closed",
    ]);
    expect(result).toEqual({
      name: "row",
      unit: "step",
      rounds: 3,
      ours: { median: 10, least: 10, most: 10 },
      peer: { name: "peer", median: 50, least: 50, most: 50 },
      ratio: 0.2,
    });
  });

  test("the ratio is the median of neighbours' ratios, not the ratio of medians", () => {
    const machine = new FakeMachine();
    // Sample 0 finds the number of steps. The machine slows down tenfold after the first pair: both sides suffer.
    const ours = [200, 200, 2000, 2000];
    const peer = [100, 100, 1000, 500];
    const row: Row = {
      name: "row",
      unit: "step",
      ours: () => machine.side("ours", (k) => ours[k]!),
      peer: { name: "peer", open: () => machine.side("peer", (k) => peer[k]!) },
    };
    const result = measureRow(row, machine.options(3));
    expect(result.ours).toEqual({ median: 2000, least: 200, most: 2000 });
    expect(result.peer).toEqual({ name: "peer", median: 500, least: 100, most: 1000 });
    expect(result.ratio).toBe(2);
  });

  test("a step may do many units, and may be timed by something else", () => {
    const machine = new FakeMachine();
    const row: Row = {
      name: "row",
      unit: "instruction",
      ours: () => machine.side("ours", () => 500, 1000),
      peer: { name: "peer", open: () => ({ units: 4, run: () => undefined, time: (n) => n * 1000 }) },
    };
    const result = measureRow(row, machine.options(1));
    expect(result.ours.median).toBe(0.5);
    expect(result.peer?.median).toBe(250);
  });

  test("runs until a side is warm", () => {
    const machine = new FakeMachine();
    const row: Row = { name: "row", unit: "step", ours: () => machine.side("ours", () => 100) };
    measureRow(row, { ...machine.options(1), warmUpNs: 350 });
    expect(machine.ran).toEqual(["ours 1", "ours 1", "ours 1", "ours 1", "ours 1", "ours closed"]);
  });

  test("a peer that is not there is named with its reason; ours is measured all the same", () => {
    const machine = new FakeMachine();
    const row: Row = {
      name: "row",
      unit: "step",
      ours: () => machine.side("ours", () => 100),
      aim: 1,
      peer: {
        name: "elsewhere",
        open: () => {
          throw new Error("bpf(2) is not allowed");
        },
      },
    };
    expect(measureRow(row, machine.options(2))).toEqual({
      name: "row",
      unit: "step",
      rounds: 2,
      ours: { median: 100, least: 100, most: 100 },
      peerMissing: { name: "elsewhere", reason: "bpf(2) is not allowed" },
      aim: 1,
    });
  });

  test("ours failing is a failure, and what was opened is closed", () => {
    const machine = new FakeMachine();
    const row: Row = {
      name: "row",
      unit: "step",
      ours: () => ({
        ...machine.side("ours", () => 0),
        run: () => {
          throw new Error("broken");
        },
      }),
    };
    expect(() => measureRow(row, machine.options(1))).toThrow("broken");
    expect(machine.ran).toEqual(["ours closed"]);
  });

  test("cold rows ask for a process a sample", () => {
    const machine = new FakeMachine();
    const asked: string[] = [];
    const row: Row = {
      name: "cold",
      unit: "opening",
      isCold: true,
      ours: () => machine.side("ours", () => 1),
      peer: { name: "peer", open: () => machine.side("peer", () => 1) },
    };
    const result = measureRow(
      row,
      machine.options(2, (_row, side) => {
        asked.push(side);
        return side === "ours" ? 30 : 10;
      }),
    );
    expect(asked).toEqual(["ours", "peer", "ours", "peer"]);
    expect(machine.ran).toEqual([]);
    expect(result.ratio).toBe(3);
  });
});
