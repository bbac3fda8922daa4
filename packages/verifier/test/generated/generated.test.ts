/// <reference types="node" />
import { Btf, BtfBuilder } from "@bpf-ts/btf";
import { BPF_MAP_TYPE_ARRAY } from "@bpf-ts/uapi/map-types";
import { BPF_F_TEST_STATE_FREQ } from "@bpf-ts/uapi/prog-flags";
import { BPF_PROG_TYPE_SCHED_CLS } from "@bpf-ts/uapi/prog-types";
import { describe, expect, it } from "vitest";
import { defaultProfile, type Verdict, type VerifierMap, verify } from "../../src/index.ts";
import { kernelRelease, kernelUnavailable, type LoadRequest, loadPrograms } from "../kernel/prog-load.ts";
import { ARRAY_FD, generate, generateInsns } from "./generate.ts";

const RUNS = Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 300);
const SEED = Number(process.env["BPF_TS_FUZZ_SEED"] ?? 1);
/** Everything, and the statistics. */
const LEVEL = 2 | 4;
/** ENOSPC: the log did not fit. */
const LOG_FULL = 28;

const kernelProfile = defaultProfile(Btf.parse(new BtfBuilder().encode()));
/** Some of the programs take Linux, too, its million steps and a log of as many lines. Here they end earlier. */
const STEPS = 5_000;
const profile = { ...kernelProfile, limits: { ...kernelProfile.limits, maxProcessedInsns: STEPS } };
const def = { type: BPF_MAP_TYPE_ARRAY, name: "array", keySize: 4, valueSize: 48, maxEntries: 2, mapFlags: 0 };
const array: VerifierMap = { def, id: 1, handle: 0x1_0000_0000, name: "array", frozen: false };

interface Program {
  readonly seed: number;
  readonly insns: Uint8Array;
  readonly flags: number;
  readonly large: boolean;
}

/** Every second one is large; for every third the kernel is asked to compare states wherever it can. */
function program(i: number): Program {
  const seed = SEED * 1_000_003 + i;
  const large = i % 2 === 1;
  return { seed, insns: generateInsns(seed, large), flags: i % 3 === 0 ? BPF_F_TEST_STATE_FREQ : 0, large };
}

function ours({ insns, flags }: Program, logLevel: number): Verdict {
  return verify(
    {
      progType: BPF_PROG_TYPE_SCHED_CLS,
      expectedAttachType: 0,
      progFlags: flags,
      license: "GPL",
      name: "generated",
      insns,
      mapByFd: (fd) => (fd === ARRAY_FD ? array : 9),
      logLevel,
    },
    profile,
  );
}

function steady(log: string): string {
  return log
    .replace(/^(.*\(18\) r\d+ = )0x[0-9a-f]{9,}(?: *(;))?/gm, "$1<address> $2")
    .replace(`(limit ${STEPS})`, `(limit ${kernelProfile.limits.maxProcessedInsns})`)
    .replace(/verification time \d+ usec/, "verification time N usec")
    .replace(/ +$/gm, "");
}

describe("programs made up from nothing", () => {
  it(`have a verdict that the log's level does not change (${RUNS} programs)`, { timeout: 600_000 }, () => {
    let accepted = 0;
    for (let i = 0; i < RUNS; i++) {
      const p = program(i);
      const quiet = ours(p, 0);
      const loud = ours(p, LEVEL);
      expect(quiet.kind, `seed ${p.seed}`).not.toBe("unsupported");
      expect({ ...loud, log: "", stats: { ...loud.stats, usec: 0 } }, `seed ${p.seed}`).toEqual({
        ...quiet,
        stats: { ...quiet.stats, usec: 0 },
      });
      if (quiet.kind === "accept") accepted++;
    }
    // Or else they try little.
    expect(accepted).toBeGreaterThan(RUNS / 8);
  });
});

const release = kernelRelease();
const reason = kernelUnavailable() ?? (release === "6.18" ? undefined : `the running kernel is ${release}, not 6.18`);

describe.skipIf(reason !== undefined)(`the running kernel${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  it(`says the same of them, log and all (${RUNS} programs)`, { timeout: 600_000 }, () => {
    let compared = 0;
    for (let done = 0; done < RUNS; done += 100) {
      // Linux would write all the lines of a program that we stop early.
      const batch = Array.from({ length: Math.min(100, RUNS - done) }, (_, i) => program(done + i)).filter(
        (p) => ours(p, 0).stats.processed <= STEPS,
      );
      const answers = loadPrograms(
        batch.map(
          ({ insns, flags }): LoadRequest => ({
            insns: Buffer.from(insns).toString("hex"),
            prog_type: BPF_PROG_TYPE_SCHED_CLS,
            flags,
            log_level: LEVEL,
            license: "GPL",
            maps: { [ARRAY_FD]: { name: "array", type: def.type, key: 4, value: 48, entries: 2, flags: 0 } },
          }),
        ),
      );
      for (const [i, p] of batch.entries()) {
        const answer = answers[i]!;
        if (answer.errno === LOG_FULL) continue;
        const verdict = ours(p, LEVEL);
        const errno = verdict.kind === "reject" ? verdict.errno : verdict.kind === "accept" ? 0 : -1;
        const same = errno === answer.errno && steady(verdict.log) === steady(answer.log);
        if (!same) {
          const text = generate(p.seed, p.large);
          expect({ errno, log: steady(verdict.log) }, `seed ${p.seed}:\n${text}`).toEqual({
            errno: answer.errno,
            log: steady(answer.log),
          });
        }
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(RUNS * 0.9);
  });
});
