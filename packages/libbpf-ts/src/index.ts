/** Loads BPF object files into any kernel behind the `Bpf` interface. */
export type { IteratorTarget } from "./attach/iterator.ts";
export type { KprobeOptions } from "./attach/kprobe.ts";
export type { MapTraceOptions } from "./attach/map-trace.ts";
export { compareMaps, type DefinedMap } from "./compat/compare-maps.ts";
export { compareObjects } from "./compat/compare-objects.ts";
export type {
  FieldDifference,
  FieldPlace,
  MapComparison,
  MapDifference,
  MapVerdict,
  ObjectComparison,
  PropertyDifference,
} from "./compat/comparison.ts";
export { LibbpfError, type LibbpfErrorCode } from "./error.ts";
export { BpfIterator } from "./load/bpf-iterator.ts";
export { BpfLink } from "./load/bpf-link.ts";
export { BpfMap } from "./load/bpf-map.ts";
export { BpfObject, type LoadedParts } from "./load/bpf-object.ts";
export { BpfProgram, type RunInput } from "./load/bpf-program.ts";
export { BpfVariable } from "./load/bpf-variable.ts";
export { mapCreateAttr } from "./load/create-map.ts";
export { type LinkedMap, type LinkedProgram, linkProgram } from "./load/link-program.ts";
export type { LoadOptions } from "./load/load-object.ts";
export { type ProgramContext, progLoadAttr } from "./load/load-program.ts";
export { BatchCursor } from "./load/map-batch.ts";
export { type OpenMapOptions, openMap } from "./load/open-map.ts";
export { PerfBuffer, type PerfBufferOptions, type PerfSource } from "./rings/perf-buffer.ts";
export type { RecordCodec, RecordType } from "./rings/record-codec.ts";
export { RingBuffer, type RingSource } from "./rings/ring-buffer.ts";
export { UserRingBuffer, UserRingSample } from "./rings/user-ring-buffer.ts";
export { matchSection, type SectionMatch } from "./sections/match.ts";
export type { AttachKind, SectionDef } from "./sections/section-def.ts";
export { SECTION_DEFS } from "./sections/table.ts";
export type { MapOrigin, MapSpec } from "./spec/map-spec.ts";
export { type ObjectParts, ObjectSpec } from "./spec/object-spec.ts";
export { type OpenOptions, openObject } from "./spec/open.ts";
export type { ExternKind, FunctionSpec, ProgramSpec, Reference } from "./spec/program-spec.ts";
export { type VariablePlace, VariableSpec } from "./spec/variable-spec.ts";
export type { ValueCodec } from "./typed/value-codec.ts";
export { camelCase, type MemberName } from "./typed/value-types.ts";
