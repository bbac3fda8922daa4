import { mapBenches } from "../../../maps/bench/hash.ts";
import type { Row } from "../frame/row.ts";

/** Elements: they fit the processor's caches. */
const ENTRIES = 1000;

export const MAP_ROWS: readonly Row[] = mapBenches([1]).map(({ name, close }, i) => {
  close();
  return {
    name: `maps, from JS: ${name.replace(", 1 entries", "")}`,
    unit: "operation",
    ours: () => mapBenches([ENTRIES])[i]!,
  };
});
