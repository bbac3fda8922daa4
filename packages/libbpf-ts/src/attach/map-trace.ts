import type { Bpf } from "@bpf-ts/uapi";
import { EINVAL } from "@bpf-ts/uapi/errno";
import {
  BPF_F_MAP_TRACE_SUCCESS_ONLY,
  BPF_MAP_TRACE_DELETE_ELEM,
  BPF_MAP_TRACE_UPDATE_ELEM,
  encodeMapTraceLinkInfo,
} from "@bpf-ts/uapi/map-trace";
import { LibbpfError } from "../error.ts";
import { mapTraceTarget } from "../load/attach-target.ts";
import { BpfLink } from "../load/bpf-link.ts";
import type { BpfMap } from "../load/bpf-map.ts";
import type { BpfProgram } from "../load/bpf-program.ts";
import { listNames } from "../spec/pick.ts";

/** Which map a tracer is attached to, and how. */
export interface MapTraceOptions {
  /** The map, or an fd of it. */
  map: BpfMap | number;
  /** `BPF_MAP_TRACE_*`; by default what the program's section says. */
  traceType?: number;
  /** Run only after the operation succeeded. */
  successOnly?: boolean;
}

const TRACE_TYPES: ReadonlyMap<string, number> = new Map([
  ["UPDATE_ELEM", BPF_MAP_TRACE_UPDATE_ELEM],
  ["DELETE_ELEM", BPF_MAP_TRACE_DELETE_ELEM],
]);

/** `bpf_program__attach_map_trace`: ties a tracer to a map. */
export function attachMapTrace(bpf: Bpf, program: BpfProgram, options: MapTraceOptions): BpfLink {
  const mapFd = typeof options.map === "number" ? options.map : options.map.fd;
  const mapTraceInfo = encodeMapTraceLinkInfo({
    mapFd,
    traceType: options.traceType ?? traceTypeOf(program),
    flags: options.successOnly === true ? BPF_F_MAP_TRACE_SUCCESS_ONLY : 0,
  });
  return new BpfLink(bpf, bpf.linkCreate({ progFd: program.fd, attachType: program.spec.attachType, mapTraceInfo }));
}

function traceTypeOf(program: BpfProgram): number {
  const { operation } = mapTraceTarget(program.spec);
  const traceType = TRACE_TYPES.get(operation);
  if (traceType === undefined) {
    throw new LibbpfError(
      "ATTACH",
      `program ${program.name}: "${operation}" is no map operation: allowed are ${[...TRACE_TYPES.keys()].join(", ")}`,
      {
        errno: EINVAL,
      },
    );
  }
  return traceType;
}

/** Attaches a tracer to the map of its own object that its section names. */
export function attachMapTraceBySection(bpf: Bpf, program: BpfProgram, maps: ReadonlyMap<string, BpfMap>): BpfLink {
  const { map: name } = mapTraceTarget(program.spec);
  const map = maps.get(name);
  if (map === undefined) {
    throw new LibbpfError(
      "ATTACH",
      `program ${program.name}: the object has no map "${name}": there ${listNames(maps)}`,
      { errno: EINVAL },
    );
  }
  return attachMapTrace(bpf, program, { map });
}
