/** Loads BPF object files into any kernel behind the `Bpf` interface. */
export type { IteratorTarget } from "./attach/iterator.ts";
export type { KprobeOptions } from "./attach/kprobe.ts";
export type { MapTraceOptions } from "./attach/map-trace.ts";
export { LibbpfError, type LibbpfErrorCode } from "./error.ts";
export { BpfIterator } from "./load/bpf-iterator.ts";
export { BpfLink } from "./load/bpf-link.ts";
export { BpfMap } from "./load/bpf-map.ts";
export { BpfObject } from "./load/bpf-object.ts";
export { BpfProgram } from "./load/bpf-program.ts";
export { type LinkedProgram, linkProgram } from "./load/link-program.ts";
export type { LoadOptions } from "./load/load-object.ts";
export { matchSection, type SectionMatch } from "./sections/match.ts";
export type { AttachKind, SectionDef } from "./sections/section-def.ts";
export { SECTION_DEFS } from "./sections/table.ts";
export type { MapOrigin, MapSpec } from "./spec/map-spec.ts";
export { ObjectSpec } from "./spec/object-spec.ts";
export { type OpenOptions, openObject } from "./spec/open.ts";
export type { FunctionSpec, ProgramSpec, Reference } from "./spec/program-spec.ts";
