/// <reference types="node" />
import { parseArgs } from "node:util";
import { compare, successes } from "./compare.ts";
import { openLinux, openOurs } from "./sides.ts";
import { FAMILIES } from "./table.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "200000" },
    seed: { type: "string", default: "1" },
    family: { type: "string" },
    successes: { type: "boolean", default: false },
  },
});

/** Compares every family, or those whose name contains `--family`; the exit code is 1 if one differs, 2 if there is no kernel to compare with. */
function main(): number {
  const linux = openLinux();
  if (typeof linux === "string") {
    console.error(linux);
    return 2;
  }
  let differ = 0;
  const all = performance.now();
  for (const [i, family] of FAMILIES.entries()) {
    if (values.family !== undefined && !family.name.includes(values.family)) continue;
    const ours = openOurs(linux.bpf.possibleCpus);
    const started = performance.now();
    try {
      const tally = compare(family, [linux, ours], Number(values.runs), Number(values.seed) * 1_000_000 + i * 10_000);
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

process.exitCode = main();
