/**
 * What bpf-ts packages hand each other: errors, records, and the interface between loaders and kernels. The large tables of
 * constants have subpaths of their own (`@bpf-ts/uapi/errno`, `/map-types`, `/helpers` …), so that a bundle holds what it uses.
 */
export type {
  Bpf,
  BpfObjectInfo,
  BpfObjectKind,
  BtfInfo,
  LinkCreateAttr,
  LinkInfo,
  LinkUpdateAttr,
  MapBatchResult,
  MapCreateAttr,
  MapInfo,
  MapLookupBatchAttr,
  MappedMemory,
  PerfEventAttr,
  ProgInfo,
  TestRunAttr,
  TestRunResult,
} from "./bpf.ts";
export { BpfError, type BpfErrorOptions, UnsupportedError } from "./error.ts";
export type { ArgKind, ArgProto, HelperProto, HelperVariant, RetKind, RetProto } from "./helper-proto.ts";
export type { MapBtfRef, MapDef } from "./map-def.ts";
export {
  BPF_PSEUDO_INTERNAL_CALL,
  type ProgLoadAttr,
  type ProgLoadResult,
  type RawInfo,
  type SubprogFacts,
  type VerifiedProgram,
} from "./program.ts";
