import type { TraceableMap, TracerProgram } from "./types.ts";

/**
 * Would a run of `program`, once it traces `map`, reach `map` again?
 *
 * The graph: a program has an edge to each map that it uses (a look-up, or a mention in dead code or a subprogram, counts), a map has an edge to each
 * of its tracers, of any trace type. Attaching adds the edge map → program; it makes a loop exactly if `map` can be reached from `program`. Walked
 * with a work list and a visited set: any depth, each map once.
 */
export function wouldLoop(program: TracerProgram, map: TraceableMap): boolean {
  const visited = new Set<TraceableMap>();
  const work: TraceableMap[] = [...program.usedMaps];
  for (let used = work.pop(); used !== undefined; used = work.pop()) {
    if (used === map) return true;
    if (visited.has(used)) continue;
    visited.add(used);
    for (const entry of used.tracers ?? []) work.push(...entry.program.usedMaps);
  }
  return false;
}
