/// <reference types="node" />
import { parseArgs } from "node:util";
import { compare, successes } from "./compare.ts";
import { openLinux, openOurs } from "./sides.ts";
import { FAMILIES } from "./table.ts";

const USAGE = `usage: sameness [options]      compares our maps with those of the running Linux 6.18: the same random operations on both

  --family TEXT   only families whose name contains TEXT: ${FAMILIES.map(({ name }) => name).join(", ")}
  --runs N        operations of each family, 200000 by default
  --seed N        other sequences, 1 by default
  --successes     show which part of each kind of operation did not fail

exit code: 0, or 1 if a family differs, 2 for usage, or if there is no kernel to compare with`;

/** Compares every family, or those that are asked for. */
function main(args: readonly string[]): number {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: "string", default: "200000" },
      seed: { type: "string", default: "1" },
      family: { type: "string" },
      successes: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const [runs, seed] = [Number(values.runs), Number(values.seed)];
  const families = [...FAMILIES.entries()].filter(([, { name }]) => name.includes(values.family ?? ""));
  if (families.length === 0 || !Number.isSafeInteger(runs) || runs < 1 || !Number.isSafeInteger(seed)) {
    console.error(USAGE);
    return 2;
  }
  const linux = openLinux();
  if (typeof linux === "string") {
    console.error(linux);
    return 2;
  }
  let differ = 0;
  const all = performance.now();
  for (const [i, family] of families) {
    const ours = openOurs(linux.bpf.possibleCpus);
    const started = performance.now();
    try {
      const tally = compare(family, [linux, ours], runs, seed * 1_000_000 + i * 10_000);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(
        `${family.name}: ${tally.operations} operations in ${tally.sequences} sequences, ${seconds} s: equal`,
      );
      if (values.successes) console.log(`  not failed: ${successes(tally)}`);
    } catch (error) {
      differ++;
      console.log(error instanceof Error ? error.message : String(error));
    } finally {
      ours.kernel[Symbol.dispose]();
    }
  }
  console.log(`${((performance.now() - all) / 1000).toFixed(0)} s, ${differ} of them differ`);
  return differ === 0 ? 0 : 1;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Error && error.message.startsWith("Unknown option"))) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
