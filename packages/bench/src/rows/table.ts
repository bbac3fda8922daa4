import type { Row } from "../frame/row.ts";
import { BTF_ROWS } from "./btf.ts";
import { ISA_ROWS } from "./isa.ts";
import { LOAD_ROWS } from "./loading.ts";
import { MAP_CODE_ROWS } from "./map-code.ts";
import { MAP_TRACE_ROWS } from "./map-trace.ts";
import { MAP_ROWS } from "./maps.ts";
import { MEMORY_ROWS } from "./memory.ts";
import { RUN_ROWS } from "./running.ts";

/** Everything that `pnpm bench` measures, in the order of its table. */
export const ROWS: readonly Row[] = [
  ...ISA_ROWS,
  ...BTF_ROWS,
  ...MEMORY_ROWS,
  ...MAP_ROWS,
  ...MAP_CODE_ROWS,
  ...RUN_ROWS,
  ...LOAD_ROWS,
  ...MAP_TRACE_ROWS,
];
