import type { SectionDef } from "./section-def.ts";
import { SECTION_DEFS } from "./table.ts";

/** A section name, taken apart. */
export interface SectionMatch {
  readonly def: SectionDef;
  /** What follows `name/`; '' if nothing does. */
  readonly target: string;
}

/**
 * Which row of the table a section name belongs to; undefined if none. A leading `?` (do not load by default) is not part of the name here.
 *
 * Beside libbpf's rules, rows without targets also match `name/anything`, as its pre-1.0 rules did and public objects rely on.
 */
export function matchSection(sectionName: string): SectionMatch | undefined {
  for (const def of SECTION_DEFS) {
    if (sectionName === def.name) return { def, target: "" };
  }
  for (const def of SECTION_DEFS) {
    if (def.prefix === true && sectionName.startsWith(`${def.name}/`))
      return { def, target: sectionName.slice(def.name.length + 1) };
  }
  // The longest name wins, so that `cgroup/connect4/x` is no `cgroup/…` of another kind.
  let best: SectionDef | undefined;
  for (const def of SECTION_DEFS) {
    if (def.prefix === true || !sectionName.startsWith(`${def.name}/`)) continue;
    if (best === undefined || def.name.length > best.name.length) best = def;
  }
  return best === undefined ? undefined : { def: best, target: sectionName.slice(best.name.length + 1) };
}
