import { E2BIG, EBADF, EINVAL, ENOENT, EPERM } from "@bpf-ts/uapi/errno";
import { BPF_F_MAP_TRACE_SUCCESS_ONLY, BPF_MAP_TRACE_MAX_PROGS } from "@bpf-ts/uapi/map-trace";
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
} from "@bpf-ts/uapi/map-types";
import { MapTraceError } from "./error.ts";
import { MapTraceLink } from "./link.ts";
import { readMapTraceLinkInfo } from "./link-info.ts";
import type { TargetRegistry } from "./targets.ts";
import { checkTracerFitsMap } from "./tracer-checks.ts";
import { TracerLists } from "./tracer-lists.ts";
import type { TraceableMap, TracerProgram } from "./types.ts";

/** Map types that can be traced. */
export const TRACEABLE_MAP_TYPES: readonly number[] = [
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
];

/** `BPF_LINK_CREATE` for a map tracer, after the command's generic checks (program fd, attach type). */
export interface MapTraceAttachRequest {
  program: TracerProgram;
  targetFd: number;
  flags: number;
  info: Uint8Array | null | undefined;
  infoLength: number;
}

/** What the attach checks ask of the kernel. */
export interface AttachHost {
  /** The map behind an fd and whether the fd was opened for reading; an errno (positive) if there is none: EBADF or EINVAL. */
  mapByFd(fd: number): { map: TraceableMap; readable: boolean } | number;
}

/**
 * Attaches a tracer: the ordered checks, then the insertion. JavaScript runs it to its end before anything else, so checks and insertion are one
 * critical section. After a failure nothing has changed: no reference is held, no entry is in the list.
 *
 * @param install gives the new link an id and an fd; if it throws (EMFILE) the attach is undone
 * @throws MapTraceError
 * @see the attach order: generic checks of link_create come before, in the kernel package
 */
export function attachMapTrace<T>(
  registry: TargetRegistry,
  host: AttachHost,
  request: MapTraceAttachRequest,
  install: (link: MapTraceLink) => T,
): T {
  const { program } = request;
  if (request.targetFd !== 0 || request.flags !== 0) {
    throw new MapTraceError(
      "attr",
      "EINVAL",
      EINVAL,
      `target_fd and flags must be 0 for a map tracer: got ${request.targetFd} and ${request.flags}`,
    );
  }
  const info = readMapTraceLinkInfo(request.info, request.infoLength);
  if (info.mapFd === 0) throw new MapTraceError("map_fd", "EBADF", EBADF, "map_trace_info.map_fd is 0");
  const target = program.mapTraceTarget;
  if (target === undefined || !registry.isRegistered(target)) {
    throw new MapTraceError(
      "hook",
      "ENOENT",
      ENOENT,
      `the hook of program ${program.id} is not a registered map trace target`,
    );
  }
  const found = host.mapByFd(info.mapFd);
  if (typeof found === "number") {
    throw found === EBADF
      ? new MapTraceError("map_fd", "EBADF", EBADF, `map_trace_info.map_fd ${info.mapFd} is not open`)
      : new MapTraceError("map_fd", "EINVAL", EINVAL, `map_trace_info.map_fd ${info.mapFd} is not a map`);
  }
  const { map } = found;
  if (!found.readable)
    throw new MapTraceError("map_fd", "EPERM", EPERM, `map fd ${info.mapFd} is not open for reading`);
  if (info.traceType !== target.traceType) {
    throw new MapTraceError(
      "trace_type",
      "EINVAL",
      EINVAL,
      `trace_type ${info.traceType} is not that of the program's hook ${target.hookFunc} (${target.traceType})`,
    );
  }
  if ((info.flags & ~BPF_F_MAP_TRACE_SUCCESS_ONLY) !== 0) {
    throw new MapTraceError(
      "flags",
      "EINVAL",
      EINVAL,
      `map_trace_info.flags 0x${info.flags.toString(16)}: only bit 0 is known`,
    );
  }
  if (!TRACEABLE_MAP_TYPES.includes(map.def.type)) {
    throw new MapTraceError("map_type", "EINVAL", EINVAL, `maps of type ${map.def.type} cannot be traced`);
  }
  checkTracerFitsMap(program, target, map);
  if (map.tracers?.isFull(target.traceType)) {
    throw new MapTraceError(
      "full",
      "E2BIG",
      E2BIG,
      `map ${map.id} (${map.def.name}) has ${BPF_MAP_TRACE_MAX_PROGS} ${target.operation} tracers, the most allowed`,
    );
  }

  const link = new MapTraceLink(program, target, map, (info.flags & BPF_F_MAP_TRACE_SUCCESS_ONLY) !== 0);
  const hadLists = map.tracers !== null;
  map.tracers ??= new TracerLists();
  map.tracers.add(link.entry);
  try {
    const installed = install(link);
    map.tracersChanged();
    return installed;
  } catch (error) {
    map.tracers.remove(link.entry);
    if (!hadLists) map.tracers = null;
    link.abandon();
    throw error;
  }
}
