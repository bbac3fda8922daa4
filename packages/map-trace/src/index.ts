/** Map tracing: programs that run after a map is updated or deleted from. */
export { type AttachHost, attachMapTrace, type MapTraceAttachRequest, TRACEABLE_MAP_TYPES } from "./attach.ts";
export { MapTraceError } from "./error.ts";
export { MapTraceLink } from "./link.ts";
export { readMapTraceLinkInfo } from "./link-info.ts";
export { wouldLoop } from "./loop-check.ts";
export { isMapTracer, mapTraceTargetOf, withMapTrace } from "./profile.ts";
export { mapTraceRewrite } from "./rewrite.ts";
export { BPF_MAP_TRACE_MAX_NESTING, runTracers, type TracerArg, TracerDepth, type TracerRunner } from "./run.ts";
export {
  DELETE_ELEM_TARGET,
  type MapTraceTarget,
  type TargetArg,
  TargetRegistry,
  UPDATE_ELEM_TARGET,
} from "./targets.ts";
export { type TracerCounts, type TracerEntry, TracerLists } from "./tracer-lists.ts";
export type { TraceableMap, TracerProgram } from "./types.ts";
