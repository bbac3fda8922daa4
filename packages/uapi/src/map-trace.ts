/**
 * The user-space interface of map tracing: what these packages add to Linux 6.18's. Linux never merged it, so its numbers lie far above
 * Linux's own; `MAX_BPF_ATTACH_TYPE` and `MAX_BPF_LINK_TYPE` stay Linux's.
 *
 * In `union bpf_attr`, `link_create` has two more members, where those of iterators lie: `map_trace_info`, a pointer to
 * `struct bpf_map_trace_link_info` (offset 16), and `map_trace_info_len` (u32, offset 24). `struct bpf_link_info` has
 * `struct { __u32 map_id; __u32 trace_type; } map_trace` (offset 16).
 *
 * @module
 */

/** Attach type of a tracing program that runs when a map is written. */
export const BPF_TRACE_MAP = 1024;

/** Type of the link between such a program and a map. */
export const BPF_LINK_TYPE_MAP_TRACE = 1024;

/** `enum bpf_map_trace_type`: runs after `bpf_map_update_elem`. */
export const BPF_MAP_TRACE_UPDATE_ELEM = 0;

/** `enum bpf_map_trace_type`: runs after `bpf_map_delete_elem`. */
export const BPF_MAP_TRACE_DELETE_ELEM = 1;

/** One more than the highest `enum bpf_map_trace_type`. */
export const MAX_BPF_MAP_TRACE_TYPE = 2;

/** Flag of a map-trace link: run only after the operation succeeded. */
export const BPF_F_MAP_TRACE_SUCCESS_ONLY = 1;

/** Tracers that one map can have, by trace type. */
export const BPF_MAP_TRACE_MAX_PROGS = 16;

/** Bytes of `struct bpf_map_trace_link_info`. */
export const MAP_TRACE_LINK_INFO_SIZE = 12;

/** `struct bpf_map_trace_link_info`. */
export interface MapTraceLinkInfo {
  /** File descriptor of the map to trace. */
  mapFd: number;
  /** `BPF_MAP_TRACE_*`. */
  traceType: number;
  /** Bit 0: {@link BPF_F_MAP_TRACE_SUCCESS_ONLY}. Default 0. */
  flags?: number;
}

/**
 * The bytes of a `struct bpf_map_trace_link_info`: `map_fd`, `trace_type`, `flags`, each a little-endian u32, 12 bytes in all. Numbers are
 * taken modulo 2^32 and not checked: the kernel does that.
 */
export function encodeMapTraceLinkInfo(info: MapTraceLinkInfo): Uint8Array {
  const bytes = new Uint8Array(MAP_TRACE_LINK_INFO_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, info.mapFd, true);
  view.setUint32(4, info.traceType, true);
  view.setUint32(8, info.flags ?? 0, true);
  return bytes;
}
