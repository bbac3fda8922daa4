/** `pnpm demo [--seed N] [--json]`: the upgrade with tracing, and the same without. Exits with 1 if its claim does not hold. */
import { parseArgs } from "node:util";
import { type UpgradeResult, upgrade } from "./upgrade.ts";

const { values } = parseArgs({
  options: { seed: { type: "string", default: "15" }, json: { type: "boolean", default: false } },
});
const seed = Number(values.seed);
if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
  console.error(`--seed ${values.seed}: expected an integer 0..4294967295`);
  process.exit(2);
}

const traced = upgrade(seed, "both");
const untraced = upgrade(seed, "none");

if (values.json) {
  console.log(JSON.stringify({ traced, untraced }, null, 2));
} else {
  console.log(`Upgrade of a stateful policy under load, seed ${seed}\n`);
  print("With map tracing", traced);
  print("The same without", untraced);
}

const intact = traced.lost.length === 0 && traced.stale.length === 0 && traced.surprises.length === 0;
// One seed may be lucky without tracing: what must hold for every seed is that tracing loses nothing.
if (!intact) {
  console.error("the claim does not hold: an upgrade with map tracing lost or kept what it should not");
  process.exit(1);
}
if (!values.json) {
  const damage = untraced.lost.length + untraced.stale.length;
  console.log(
    damage > 0
      ? "With tracing nothing was lost."
      : "With tracing nothing was lost. (Without it this seed was lucky; try --seed.)",
  );
}

function print(title: string, result: UpgradeResult): void {
  console.log(title);
  for (const { step, text } of result.timeline) console.log(`  step ${String(step).padStart(4)}  ${text}`);
  const { openat, write, close } = result.calls;
  console.log(`  meanwhile   ${openat} openat, ${write} write, ${close} close`);
  const names = (files: readonly { pid: number; fd: number }[]): string =>
    files.length === 0 ? "" : ` (${files.map(({ pid, fd }) => `pid ${pid} fd ${fd}`).join(", ")})`;
  console.log(
    `  result      lost ${result.lost.length}${names(result.lost)}, stale ${result.stale.length}${names(result.stale)}`,
  );
  console.log(`              ${result.surprises.length} of the writes that followed answered wrongly\n`);
}
