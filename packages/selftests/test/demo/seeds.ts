import { openObjects, type Tracing, upgrade } from "../../src/demo/upgrade.ts";

/** How many of the seeds 1 … `seeds` lost something, kept something stale, answered wrongly afterwards. */
export function runSeeds(
  tracing: Tracing,
  seeds: number,
): { lost: number; stale: number; damaged: number; surprised: number } {
  const objects = openObjects();
  const counts = { lost: 0, stale: 0, damaged: 0, surprised: 0 };
  for (let seed = 1; seed <= seeds; seed++) {
    const { lost, stale, surprises } = upgrade(seed, tracing, objects);
    if (lost.length > 0) counts.lost++;
    if (stale.length > 0) counts.stale++;
    if (lost.length + stale.length > 0) counts.damaged++;
    if (surprises.length > 0) counts.surprised++;
  }
  console.log(`${seeds} seeds, tracing ${tracing}: ${JSON.stringify(counts)}`);
  return counts;
}
