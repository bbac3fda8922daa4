import { memoryBenches } from "../../../memory/bench/alloc.ts";
import type { Row } from "../frame/row.ts";

export const MEMORY_ROWS: readonly Row[] = memoryBenches().map(({ name }, i) => ({
  name: `memory: ${name}`,
  unit: "operation",
  ours: () => memoryBenches()[i]!,
}));
