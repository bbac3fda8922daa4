import { describe, expect, test } from "vitest";
import { demo } from "../../src/demo/demo.ts";
import { type Tracing, type UpgradeResult, upgrade } from "../../src/demo/upgrade.ts";

/** Upgrades of which one is changed afterwards. */
function changing(which: Tracing, change: Partial<UpgradeResult>): typeof upgrade {
  return (seed, tracing) => ({ ...upgrade(seed, tracing), ...(tracing === which ? change : {}) });
}

const FILE = { pid: 1001, fd: 3 };

test("a timeline of the upgrade, with tracing and without", () => {
  const { out, err, code } = demo([]);
  expect([code, err]).toEqual([0, ""]);
  // Which files, and at which step, depends on the seed and on how many commands a load takes.
  const lines = out
    .replace(/\(pid [^)]*\)/g, "(…)")
    .replace(/\d+/g, "#")
    .replace(/ +/g, " ")
    .split("\n");
  const upgradeBy = (tracers: string): string[] => [
    " step # policy v# attached: openat adds a writable file, close frees it",
    " step # # system calls of # processes: # writable files",
    " step # policy v# loaded: its map's key has fd and pid swapped",
    ` step # ${tracers}`,
    " step # bulk copy: # elements",
    " step # policy v# attached beside v#",
    " step # policy v# detached",
    " step # migration and policy v# unloaded",
    " meanwhile # openat, # write, # close",
  ];
  expect(lines).toEqual([
    "Upgrade of a stateful policy under load, seed #",
    "",
    "With map tracing",
    ...upgradeBy("tracers attached to the old map: copy_on_delete, copy_on_update"),
    " result lost #, stale #",
    " # of the writes that followed answered wrongly",
    "",
    "The same without",
    ...upgradeBy("no tracers attached"),
    " result lost # (…), stale # (…)",
    " # of the writes that followed answered wrongly",
    "",
    "With tracing nothing was lost.",
    "",
  ]);
  expect(out).toContain(
    "  result      lost 0, stale 0\n              0 of the writes that followed answered wrongly\n",
  );
});

describe("the claim", () => {
  test.each<[string, typeof upgrade]>([
    ["lost", changing("both", { lost: [FILE] })],
    ["stale", changing("both", { stale: [FILE] })],
    ["answered wrongly", changing("both", { surprises: ["write of process 1001 to fd 3 answered 1, expected -1"] })],
  ])("does not hold when something is %s with tracing: exit code 1", (_, run) => {
    for (const args of [[], ["--json"], ["--seed", "4"]]) {
      const { out, err, code } = demo(args, run);
      expect([code, err]).toEqual([
        1,
        "the claim does not hold: an upgrade with map tracing lost or kept what it should not\n",
      ]);
      expect(out).not.toContain("nothing was lost");
    }
  });

  test("does not hold when the seed that is shown loses nothing without tracing", () => {
    const lucky = changing("none", { lost: [], stale: [] });
    expect(demo([], lucky)).toMatchObject({
      code: 1,
      err: "the claim does not hold: the upgrade without map tracing lost nothing\n",
    });
    const other = demo(["--seed", "4"], lucky);
    expect([other.code, other.err]).toEqual([0, ""]);
    expect(other.out).toContain("(Without it this seed was lucky; try --seed.)");
  });
});

test("a seed gives one run, as text and as JSON", () => {
  expect(demo(["--seed", "7"])).toEqual(demo(["--seed=7"]));
  const { traced, untraced } = JSON.parse(demo(["--seed", "7", "--json"]).out) as Record<string, UpgradeResult>;
  expect(traced).toEqual(upgrade(7, "both"));
  expect(untraced).toEqual(upgrade(7, "none"));
});

test.each([
  [["--seed", "x"], "--seed x: expected an integer 0..4294967295\n"],
  [["--seed", "4294967296"], "--seed 4294967296: expected an integer 0..4294967295\n"],
  [["--seed", "-1"], "usage: pnpm demo [--seed N] [--json]\n"],
  [["--seed=1.5"], "--seed 1.5: expected an integer 0..4294967295\n"],
  [["--fast"], "usage: pnpm demo [--seed N] [--json]\n"],
])("%j: exit code 2", (args, err) => {
  const outcome = demo(args);
  expect([outcome.code, outcome.out]).toEqual([2, ""]);
  expect(outcome.err.includes(err), outcome.err).toBe(true);
});
