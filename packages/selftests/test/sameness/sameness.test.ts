/// <reference types="node" />
/**
 * Our maps against the running kernel's, both through the `Bpf` interface: the same random sequences of operations, every answer compared.
 * BPF_TS_FUZZ_RUNS sets the number of operations of each family, BPF_TS_FUZZ_SEED others.
 */
import { describe, expect, test } from "vitest";
import { compare } from "../../src/sameness/compare.ts";
import { openLinux, openOurs } from "../../src/sameness/sides.ts";
import { FAMILIES } from "../../src/sameness/table.ts";

const RUNS = process.env["BPF_TS_FUZZ_RUNS"];
const SEED = Number(process.env["BPF_TS_FUZZ_SEED"] ?? 1);
/** Operations of a family in the suite. */
const BOUNDED = 400;

const linux = openLinux();
const reason = typeof linux === "string" ? linux : undefined;

describe.skipIf(reason !== undefined)(
  `as the running kernel${reason === undefined ? "" : ` (skipped: ${reason})`}`,
  () => {
    test.each(FAMILIES.map((family, i) => [family.name, family, i] as const))(
      "%s",
      { timeout: 3_600_000 },
      (_name, family, i) => {
        if (typeof linux === "string") throw new Error(linux);
        const ours = openOurs(linux.bpf.possibleCpus);
        const operations = RUNS === undefined ? BOUNDED : Number(RUNS);
        const started = performance.now();
        const tally = compare(family, [linux, ours], operations, SEED * 1_000_000 + i * 10_000);
        if (RUNS !== undefined) {
          const seconds = ((performance.now() - started) / 1000).toFixed(1);
          console.log(`${family.name}: ${tally.operations} operations in ${tally.sequences} sequences, ${seconds} s`);
        }
        expect(tally.operations).toBeGreaterThanOrEqual(operations);
      },
    );
  },
);
