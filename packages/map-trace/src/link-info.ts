import { E2BIG, EFAULT, EINVAL } from "@bpf-ts/uapi/errno";
import { MAP_TRACE_LINK_INFO_SIZE, type MapTraceLinkInfo } from "@bpf-ts/uapi/map-trace";
import { MapTraceError } from "./error.ts";

const PAGE_SIZE = 4096;

/**
 * Reads the structure as the kernel copies it from user space: shorter ones are zero-extended, longer ones must be zero beyond the known size.
 *
 * @param bytes what lies at the pointer; null for a null pointer
 * @param length `map_trace_info_len`: how many bytes the caller says there are
 * @throws MapTraceError EINVAL (null, or length 0), E2BIG (over a page, or unknown bytes set), EFAULT (fewer bytes than said)
 */
export function readMapTraceLinkInfo(bytes: Uint8Array | null | undefined, length: number): Required<MapTraceLinkInfo> {
  if (bytes === null || bytes === undefined || length === 0) {
    throw new MapTraceError("info", "EINVAL", EINVAL, "map_trace_info is required: got a null pointer or length 0");
  }
  if (length > PAGE_SIZE) {
    throw new MapTraceError("info", "E2BIG", E2BIG, `map_trace_info_len ${length} is over a page (${PAGE_SIZE})`);
  }
  const readable = Math.min(length, bytes.length);
  for (let i = MAP_TRACE_LINK_INFO_SIZE; i < readable; i++) {
    if (bytes[i] !== 0) {
      throw new MapTraceError(
        "info",
        "E2BIG",
        E2BIG,
        `map_trace_info: byte ${i} beyond the known ${MAP_TRACE_LINK_INFO_SIZE} is not zero`,
      );
    }
  }
  if (length > bytes.length) {
    throw new MapTraceError("info", "EFAULT", EFAULT, `map_trace_info: ${length} bytes said, ${bytes.length} readable`);
  }
  const known = new Uint8Array(MAP_TRACE_LINK_INFO_SIZE);
  known.set(bytes.subarray(0, Math.min(length, MAP_TRACE_LINK_INFO_SIZE)));
  const view = new DataView(known.buffer);
  return { mapFd: view.getUint32(0, true), traceType: view.getUint32(4, true), flags: view.getUint32(8, true) };
}
