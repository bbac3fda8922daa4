import type { Verdict } from "@bpf-ts/verifier";
import { describe, expect, it } from "vitest";
import { type Answer, judge } from "../../src/corpus/judge.ts";
import { formatSummary, sortBySeverity, summarise } from "../../src/corpus/report.ts";
import type { CorpusAnswer, CorpusRow } from "../../src/corpus/row.ts";

const STATS = "processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0";
const REFUSED: CorpusAnswer = {
  verdict: "reject",
  errno: 13,
  stats: STATS,
  lastLine: "R1 !read_ok",
  log: `0: R1=ctx()\nR1 !read_ok\nverification time 17 usec\n${STATS}\n`,
};
const ACCEPTED: CorpusAnswer = {
  verdict: "accept",
  errno: 0,
  stats: STATS,
  log: `verification time 17 usec\n${STATS}\n`,
};

function row(id: string, level1: CorpusAnswer | undefined, verdict: CorpusRow["kernel"]["verdict"]): CorpusRow {
  const load = {
    prog_type: 1,
    expected_attach_type: 0,
    prog_flags: 0,
    prog_name: "p",
    license: "GPL",
    insn_cnt: 0,
    insns: "",
    map_refs: [],
  };
  return { id, load, maps: [], kernel: { verdict, ...(level1 === undefined ? {} : { level1 }) } };
}

const stats = { processed: 7, maxStatesPerInsn: 0, totalStates: 1, peakStates: 1, markRead: 0, usec: 3 };
function reject(errno: number, message: string, log = REFUSED.log!): Answer {
  return { verdict: { kind: "reject", errno, message, code: "register", insn: 0, log, stats } };
}
function accept(log = ACCEPTED.log!, processed = 7): Answer {
  return { verdict: { kind: "accept", log, stats: { ...stats, processed }, program: {} } as unknown as Verdict };
}

describe("judge", () => {
  const refused = row("r", REFUSED, "reject");
  const accepted = row("a", ACCEPTED, "accept");
  const cases: [string, CorpusRow, Answer, string, string[]][] = [
    ["same refusal, other time", refused, reject(13, "R1 !read_ok", REFUSED.log!.replace("17", "9")), "agree", []],
    ["same acceptance", accepted, accept(), "agree", []],
    ["false accept", refused, accept(), "wrong", ["false-accept", "log1"]],
    ["false reject", accepted, reject(22, "no"), "wrong", ["false-reject", "log1"]],
    ["other errno and text", refused, reject(22, "R2 !read_ok"), "wrong", ["errno", "message"]],
    ["other count", accepted, accept(ACCEPTED.log, 8), "wrong", ["processed"]],
    [
      "other statistics only",
      accepted,
      accept(ACCEPTED.log!.replace("peak_states 1", "peak_states 2")),
      "agree",
      ["statistics", "log1"],
    ],
    ["a crash", accepted, { thrown: new Error("boom") }, "wrong", ["crash"]],
    ["no verdict of the kernel", row("u", undefined, "env-refused"), accept(), "unjudged", []],
  ];
  it.each(cases)("%s", (_, r, answer, outcome, differences) => {
    const judgement = judge(r, answer, 1);
    expect([judgement.outcome, [...judgement.differences]]).toEqual([outcome, differences]);
  });

  it("takes a refusal for want of log space as the acceptance that it was", () => {
    const full = row("full", { ...ACCEPTED, verdict: "reject", errno: 28 }, "accept");
    expect(judge(full, accept("other"), 1).outcome).toBe("agree");
  });

  it("compares the log at level 2 when given", () => {
    const r = row("l2", ACCEPTED, "accept");
    r.kernel.level2 = { ...ACCEPTED, log: "0: R1=ctx()\n" };
    expect(judge(r, accept(), 1, accept("0: R1=fp0\n")).differences).toEqual(["log2"]);
    expect(judge(r, accept(), 1, accept("0: R1=ctx()\n")).differences).toEqual([]);
  });
});

describe("summary", () => {
  it("counts decided, agreeing and unsupported rows and names false accepts", () => {
    const unsupported: Answer = {
      verdict: { kind: "unsupported", feature: "kfunc", detail: "bpf_foo", log: "", stats },
    };
    const judgements = [
      judge(row("ok", ACCEPTED, "accept"), accept(), 10),
      judge(row("bad", REFUSED, "reject"), accept(), 20),
      judge(row("errno", REFUSED, "reject"), reject(1, "R1 !read_ok"), 0),
      judge(row("k1", ACCEPTED, "accept"), unsupported, 0),
      judge(row("none", undefined, "env-refused"), unsupported, 0),
    ];
    const summary = summarise(judgements, (id) => id !== "none");
    expect(summary).toMatchObject({ judged: 4, decided: 3, agree: 1, wrong: 2, unsupported: 1, unjudged: 1, ms: 30 });
    expect(summary.falseAccepts).toEqual(["bad"]);
    expect([...summary.byFeature]).toEqual([["kfunc", 1]]);
    expect(sortBySeverity(judgements).map((j) => j.id)).toEqual(["bad", "errno", "k1", "none", "ok"]);
    expect(formatSummary(summary)).toContain("75.0 % of judged");
    expect(formatSummary(summary)).toContain("33.3 % of decided");
  });
});
