/// <reference types="node" />
/**
 * Our maps against the running kernel's: the same random operations, every answer compared. BPF_TS_FUZZ_RUNS sets the number of operations a type,
 * BPF_TS_FUZZ_SEED others.
 */
import { describe, test } from "vitest";
import { COMPARISONS } from "./linux/comparisons.ts";
import { askKernel, kernelCpus, kernelHas, whyNoKernel } from "./linux/oracle.ts";
import { Random } from "./linux/random.ts";
import { Session } from "./linux/session.ts";

const RUNS = process.env["BPF_TS_FUZZ_RUNS"];
const SEED = Number(process.env["BPF_TS_FUZZ_SEED"] ?? 1);
const reason = whyNoKernel();
const cpus = reason === undefined ? kernelCpus() : 1;

/** Says why, where these tests cannot run. */
const title = `like the running kernel${reason === undefined ? "" : ` (skipped: ${reason})`}`;

describe.skipIf(reason !== undefined)(title, () => {
  for (const [index, comparison] of COMPARISONS.entries()) {
    const missing = reason === undefined ? comparison.needs?.find((line) => !kernelHas(line)) : undefined;
    const name = `${comparison.name}${missing === undefined ? "" : ` (skipped: the kernel has no ${missing})`}`;
    const operations = RUNS === undefined ? (comparison.most ?? 2500) : Number(RUNS);
    test.skipIf(missing !== undefined)(name, () => {
      const random = new Random(SEED * 1000 + index);
      for (let done = 0; done < operations; ) {
        const session = new Session(cpus);
        const most = Math.min(operations - done, 10_000);
        while (session.length < most) comparison.add(session, random);
        done += session.length;
        session.expectAnswers(askKernel(session.lines));
      }
    });
  }
});
