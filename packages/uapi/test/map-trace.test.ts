import {
  BPF_F_MAP_TRACE_SUCCESS_ONLY,
  BPF_LINK_TYPE_MAP_TRACE,
  BPF_MAP_TRACE_DELETE_ELEM,
  BPF_MAP_TRACE_UPDATE_ELEM,
  BPF_TRACE_MAP,
  encodeMapTraceLinkInfo,
} from "@bpf-ts/uapi/map-trace";
import { describe, expect, it } from "vitest";

describe("map-trace interface", () => {
  it("has these numbers", () => {
    expect([BPF_TRACE_MAP, BPF_LINK_TYPE_MAP_TRACE, BPF_MAP_TRACE_UPDATE_ELEM, BPF_MAP_TRACE_DELETE_ELEM]).toEqual([
      1024, 1024, 0, 1,
    ]);
    expect(BPF_F_MAP_TRACE_SUCCESS_ONLY).toBe(1);
  });

  it("encodes map_fd, trace_type and flags as three little-endian words", () => {
    expect([...encodeMapTraceLinkInfo({ mapFd: 0x01020304, traceType: 1, flags: 0x80000001 })]).toEqual([
      4, 3, 2, 1, 1, 0, 0, 0, 1, 0, 0, 0x80,
    ]);
  });

  it("leaves flags 0 by default and lets bad numbers through for the kernel to refuse", () => {
    expect([...encodeMapTraceLinkInfo({ mapFd: -1, traceType: 7 })]).toEqual([
      255, 255, 255, 255, 7, 0, 0, 0, 0, 0, 0, 0,
    ]);
  });
});
