import type { MapDef } from "@bpf-ts/uapi";
import { BPF_TRACE_MAP } from "@bpf-ts/uapi/map-trace";
import { BPF_MAP_TYPE_HASH } from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import {
  type MapTraceTarget,
  type TraceableMap,
  type TracerEntry,
  type TracerLists,
  type TracerProgram,
  UPDATE_ELEM_TARGET,
} from "../src/index.ts";

/** A map with nothing in it that counts the references it is asked for. */
export class FakeMap implements TraceableMap {
  readonly id: number;
  readonly def: MapDef;
  tracers: TracerLists | null = null;
  userRefs = 0;
  changes = 0;

  constructor(id: number, def: Partial<MapDef> = {}) {
    this.id = id;
    this.def = {
      type: BPF_MAP_TYPE_HASH,
      name: `m${id}`,
      keySize: 4,
      valueSize: 8,
      maxEntries: 4,
      mapFlags: 0,
      ...def,
    };
  }

  tracersChanged(): void {
    this.changes++;
  }

  getUserRef(): void {
    this.userRefs++;
  }

  putUserRef(): void {
    this.userRefs--;
  }
}

/** A tracer that counts the references it is asked for. */
export class FakeProgram implements TracerProgram {
  readonly id: number;
  progType: number = BPF_PROG_TYPE_TRACING;
  expectedAttachType: number = BPF_TRACE_MAP;
  mapTraceTarget: MapTraceTarget | undefined = UPDATE_ELEM_TARGET;
  maxCtxBufferAccess: readonly number[] = [];
  usedMaps: readonly TraceableMap[];
  refs = 0;

  constructor(id: number, usedMaps: readonly TraceableMap[] = []) {
    this.id = id;
    this.usedMaps = usedMaps;
  }

  getRef(): void {
    this.refs++;
  }

  putRef(): void {
    this.refs--;
  }
}

export function entryOf(program: TracerProgram, traceType = 0, successOnly = false): TracerEntry {
  return { program, traceType, successOnly, counts: { runs: 0n, misses: 0n, failures: 0n } };
}
