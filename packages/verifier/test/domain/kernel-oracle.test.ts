/// <reference types="node" />
import { describe, expect, it } from "vitest";
import { kernelRelease, kernelUnavailable, loadPrograms } from "../kernel/prog-load.ts";
import { Random } from "../random.ts";
import { Replay } from "./log-replay.ts";
import { hexOf, randomProgram } from "./random-program.ts";

const unavailable = kernelUnavailable();
const release = kernelRelease();
const reason = unavailable ?? (release === "6.18" ? undefined : `the running kernel is ${release}, not 6.18`);

const RUNS = Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 1500);
const SEED = Number(process.env["BPF_TS_FUZZ_SEED"] ?? 618);

/** Says why, where these tests cannot run. */
const title = `the running kernel agrees with the domain${reason === undefined ? "" : ` (skipped: ${reason})`}`;

describe.skipIf(reason !== undefined)(title, () => {
  it(`on every register of ${RUNS} random programs`, { timeout: 600_000 }, () => {
    let compared = 0;
    const differences: string[] = [];
    const batch = 500;
    for (let first = 0; first < RUNS; first += batch) {
      const programs = Array.from({ length: Math.min(batch, RUNS - first) }, (_, i) => {
        const r = new Random(SEED * 1_000_003 + first + i);
        return randomProgram(r, 5 + r.below(20));
      });
      const answers = loadPrograms(programs.map((p) => ({ insns: hexOf(p) })));
      expect(answers).toHaveLength(programs.length);
      for (const [i, program] of programs.entries()) {
        const answer = answers[i]!;
        const replay = new Replay(program);
        const problem =
          answer.errno === 0 ? replay.run(answer.log) : `errno ${answer.errno}: ${answer.log.slice(-300)}`;
        if (problem !== undefined) differences.push(`program ${first + i}: ${problem}`);
        compared += replay.compared;
      }
    }
    expect(differences.slice(0, 10).join("\n\n")).toBe("");
    expect(compared).toBeGreaterThan(RUNS * 20);
  });
});
