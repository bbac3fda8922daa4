import { EACCES, EINVAL } from "@bpf-ts/uapi/errno";
import { MapTraceError } from "./error.ts";
import { wouldLoop } from "./loop-check.ts";
import type { MapTraceTarget } from "./targets.ts";
import type { TraceableMap, TracerProgram } from "./types.ts";

/** @throws MapTraceError EACCES if the program reads past the map's key or value */
function checkAccessBounds(program: TracerProgram, target: MapTraceTarget, map: TraceableMap): void {
  target.args.forEach((arg, index) => {
    if (arg.kind !== "key" && arg.kind !== "value") return;
    const read = program.maxCtxBufferAccess[index] ?? 0;
    const size = arg.kind === "key" ? map.def.keySize : map.def.valueSize;
    if (read > size) {
      throw new MapTraceError(
        "bounds",
        "EACCES",
        EACCES,
        `program ${program.id} reads ${read} bytes of the ${arg.name}, map ${map.id} (${map.def.name}) has ${size}`,
      );
    }
  });
}

/** @throws MapTraceError EINVAL if tracing `map` by `program` could make a run reach `map` again */
function checkNoLoop(program: TracerProgram, map: TraceableMap): void {
  if (wouldLoop(program, map)) {
    throw new MapTraceError(
      "loop",
      "EINVAL",
      EINVAL,
      `tracing map ${map.id} (${map.def.name}) by program ${program.id} would make a loop`,
    );
  }
}

/**
 * The checks that a program must pass to trace a map, whether at attach or as the replacement of another tracer.
 *
 * @throws MapTraceError EACCES, EINVAL
 */
export function checkTracerFitsMap(program: TracerProgram, target: MapTraceTarget, map: TraceableMap): void {
  checkAccessBounds(program, target, map);
  checkNoLoop(program, map);
}
