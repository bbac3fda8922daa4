import { parseArgs } from "node:util";
import type { OpenFile } from "./model.ts";
import { type UpgradeResult, upgrade } from "./upgrade.ts";

/** What the demo prints, and how it ends: 0; 1 if its claim does not hold; 2 for arguments that are none. */
export interface DemoOutcome {
  out: string;
  err: string;
  code: 0 | 1 | 2;
}

/** A seed whose upgrade without tracers shows both: elements lost and elements that should be gone. */
const DEFAULT_SEED = "15";

const USAGE = `usage: pnpm demo [--seed N] [--json]

Upgrades a stateful BPF program under load, with map tracing and without, and prints what happened.

  --seed N   another interleaving, 0..4294967295
  --json     the same as one JSON object
`;

/**
 * The upgrade with tracing, and the same without. The claim is that with tracing the new map is what the writers' model says, and the new policy
 * answers so: it must hold for every seed. That something goes wrong without must hold for the seed that is shown when none is asked for; another one may be lucky.
 *
 * @param run makes an upgrade; tests put in ones that went wrong
 */
export function demo(args: string[], run: typeof upgrade = upgrade): DemoOutcome {
  let options: { seed?: string; json: boolean; help: boolean };
  try {
    options = parseArgs({
      args,
      options: {
        seed: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { out: "", err: `${error.message}\n${USAGE}`, code: 2 };
  }
  if (options.help) return { out: USAGE, err: "", code: 0 };
  const text = options.seed ?? DEFAULT_SEED;
  const seed = Number(text);
  if (!/^\d+$/.test(text) || seed > 0xffffffff)
    return { out: "", err: `--seed ${text}: expected an integer 0..4294967295\n`, code: 2 };

  const traced = run(seed, "both");
  const untraced = run(seed, "none");
  const isLucky = untraced.lost.length + untraced.stale.length === 0;
  const faults = [
    ...(isIntact(traced) ? [] : ["an upgrade with map tracing lost or kept what it should not"]),
    ...(isLucky && options.seed === undefined ? ["the upgrade without map tracing lost nothing"] : []),
  ];
  const err = faults.map((fault) => `the claim does not hold: ${fault}\n`).join("");
  const code = faults.length === 0 ? 0 : 1;
  if (options.json) return { out: `${JSON.stringify({ traced, untraced }, null, 2)}\n`, err, code };
  const end = isLucky
    ? "With tracing nothing was lost. (Without it this seed was lucky; try --seed.)"
    : "With tracing nothing was lost.";
  const out = [
    `Upgrade of a stateful policy under load, seed ${seed}\n`,
    section("With map tracing", traced),
    section("The same without", untraced),
    ...(code === 0 ? [end] : []),
  ];
  return { out: `${out.join("\n")}\n`, err, code };
}

function isIntact({ lost, stale, surprises }: UpgradeResult): boolean {
  return lost.length + stale.length + surprises.length === 0;
}

function section(title: string, { timeline, calls, lost, stale, surprises }: UpgradeResult): string {
  const names = (files: readonly OpenFile[]): string =>
    files.length === 0 ? "" : ` (${files.map(({ pid, fd }) => `pid ${pid} fd ${fd}`).join(", ")})`;
  return [
    title,
    ...timeline.map(({ step, text }) => `  step ${String(step).padStart(4)}  ${text}`),
    `  meanwhile   ${calls.openat} openat, ${calls.write} write, ${calls.close} close`,
    `  result      lost ${lost.length}${names(lost)}, stale ${stale.length}${names(stale)}`,
    `              ${surprises.length} of the writes that followed answered wrongly\n`,
  ].join("\n");
}
