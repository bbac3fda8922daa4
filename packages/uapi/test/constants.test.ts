import {
  BPF_CGROUP_INET_EGRESS,
  BPF_TRACE_ITER,
  BPF_TRACE_UPROBE_SESSION,
  MAX_BPF_ATTACH_TYPE,
} from "@bpf-ts/uapi/attach-types";
import { BPF_LINK_DETACH, BPF_MAP_CREATE, BPF_PROG_RUN, BPF_PROG_TEST_RUN } from "@bpf-ts/uapi/commands";
import { BPF_DEVCG_DEV_CHAR, BPF_FLOW_DISSECTOR_F_STOP_AT_ENCAP, BPF_TCP_LISTEN } from "@bpf-ts/uapi/context-values";
import { E2BIG, EACCES, EAGAIN, EBADF, EDEADLOCK, EINVAL, ENOTSUPP, EOPNOTSUPP, EWOULDBLOCK } from "@bpf-ts/uapi/errno";
import { errnoName } from "@bpf-ts/uapi/errno-names";
import {
  BPF_F_CTXLEN_MASK,
  BPF_F_CURRENT_CPU,
  BPF_F_CURRENT_NETNS,
  BPF_MAX_LOOPS,
  BTF_F_ZERO,
  TCP_BPF_IW,
} from "@bpf-ts/uapi/helper-flags";
import { BPF_FUNC_cgrp_storage_delete, BPF_FUNC_MAX_ID, BPF_FUNC_map_lookup_elem } from "@bpf-ts/uapi/helper-ids";
import { BPF_LINK_TYPE_SOCKMAP, MAX_BPF_LINK_TYPE } from "@bpf-ts/uapi/link-types";
import { BPF_ANY, BPF_EXIST, BPF_F_INNER_MAP, BPF_F_NO_PREALLOC, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import * as mapTypes from "@bpf-ts/uapi/map-types";
import {
  attachTypeByName,
  attachTypeName,
  commandName,
  helperName,
  linkTypeName,
  mapTypeByName,
  mapTypeName,
  progTypeByName,
  progTypeName,
} from "@bpf-ts/uapi/names";
import { BPF_FD_TYPE_URETPROBE, BPF_OBJ_NAME_LEN, BPF_PERF_EVENT_EVENT, BPF_TAG_SIZE } from "@bpf-ts/uapi/object-info";
import { BPF_F_SLEEPABLE, BPF_F_TEST_REG_INVARIANTS } from "@bpf-ts/uapi/prog-flags";
import * as progTypes from "@bpf-ts/uapi/prog-types";
import {
  BPF_PSEUDO_CALL,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_KFUNC_CALL,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_IDX_VALUE,
} from "@bpf-ts/uapi/pseudo";
import { TCX_NEXT, XDP_REDIRECT } from "@bpf-ts/uapi/return-codes";
import { describe, expect, it } from "vitest";

describe("numbers of the interface", () => {
  it.each([
    [BPF_MAP_CREATE, 0],
    [BPF_PROG_TEST_RUN, 10],
    [BPF_PROG_RUN, 10],
    [BPF_LINK_DETACH, 34],
    [BPF_CGROUP_INET_EGRESS, 1],
    [BPF_TRACE_ITER, 28],
    [BPF_TRACE_UPROBE_SESSION, 57],
    [MAX_BPF_ATTACH_TYPE, 58],
    [BPF_LINK_TYPE_SOCKMAP, 14],
    [MAX_BPF_LINK_TYPE, 15],
    [mapTypes.BPF_MAP_TYPE_ARENA, 33],
    [mapTypes.BPF_MAP_TYPE_CGROUP_STORAGE, 19],
    [mapTypes.BPF_MAP_TYPE_CGROUP_STORAGE_DEPRECATED, 19],
    [progTypes.BPF_PROG_TYPE_NETFILTER, 32],
    [BPF_ANY, 0],
    [BPF_NOEXIST, 1],
    [BPF_EXIST, 2],
    [BPF_F_NO_PREALLOC, 1],
    [BPF_F_INNER_MAP, 4096],
    [BPF_F_SLEEPABLE, 16],
    [BPF_F_TEST_REG_INVARIANTS, 128],
    [BPF_FUNC_map_lookup_elem, 1],
    [BPF_FUNC_cgrp_storage_delete, 211],
    [BPF_FUNC_MAX_ID, 212],
    [BPF_PSEUDO_MAP_FD, 1],
    [BPF_PSEUDO_FUNC, 4],
    [BPF_PSEUDO_MAP_IDX_VALUE, 6],
    [BPF_PSEUDO_CALL, 1],
    [BPF_PSEUDO_KFUNC_CALL, 2],
    [BPF_F_CURRENT_CPU, 0xffffffff],
    [BPF_F_CTXLEN_MASK, 0xfffff * 2 ** 32],
    [BPF_F_CURRENT_NETNS, -1],
    [BPF_MAX_LOOPS, 8388608],
    [BTF_F_ZERO, 8],
    [TCP_BPF_IW, 1001],
    [BPF_TCP_LISTEN, 10],
    [BPF_DEVCG_DEV_CHAR, 2],
    [BPF_FLOW_DISSECTOR_F_STOP_AT_ENCAP, 4],
    [BPF_PERF_EVENT_EVENT, 6],
    [BPF_FD_TYPE_URETPROBE, 5],
    [BPF_OBJ_NAME_LEN, 16],
    [BPF_TAG_SIZE, 8],
    [XDP_REDIRECT, 4],
    [TCX_NEXT, -1],
    [E2BIG, 7],
    [EBADF, 9],
    [EAGAIN, 11],
    [EWOULDBLOCK, 11],
    [EACCES, 13],
    [EINVAL, 22],
    [EDEADLOCK, 35],
    [EOPNOTSUPP, 95],
    [ENOTSUPP, 524],
  ])("%i is %i", (actual, expected) => {
    expect(actual).toBe(expected);
  });

  it("counts 33 program types and 34 map types, UNSPEC included", () => {
    expect(progTypes.MAX_BPF_PROG_TYPE).toBe(33);
    expect(mapTypes.MAX_BPF_MAP_TYPE).toBe(34);
  });
});

describe("names", () => {
  it.each([
    [progTypeName(6), "xdp"],
    [progTypeName(3), "sched_cls"],
    [progTypeName(24), "raw_tracepoint_writable"],
    [progTypeName(33), "unknown(33)"],
    [progTypeName(-1), "unknown(-1)"],
    [mapTypeName(10), "lru_percpu_hash"],
    [mapTypeName(19), "cgroup_storage"],
    [mapTypeName(21), "percpu_cgroup_storage"],
    [attachTypeName(0), "cgroup_inet_ingress"],
    [attachTypeName(26), "modify_return"],
    [attachTypeName(1024), "trace_map"],
    [attachTypeName(58), "unknown(58)"],
    [linkTypeName(1), "raw_tracepoint"],
    [linkTypeName(1024), "map_trace"],
    [commandName(10), "prog_test_run"],
    [helperName(1), "bpf_map_lookup_elem"],
    [helperName(211), "bpf_cgrp_storage_delete"],
    [helperName(0), "bpf_unspec"],
    [helperName(212), "unknown(212)"],
    [errnoName(22), "EINVAL"],
    [errnoName(-22), "EINVAL"],
    [errnoName(11), "EAGAIN"],
    [errnoName(524), "ENOTSUPP"],
    [errnoName(4000), "errno 4000"],
  ])("%s", (actual, expected) => {
    expect(actual).toBe(expected);
  });

  it("finds numbers by name and answers undefined for none", () => {
    expect(progTypeByName("lsm")).toBe(29);
    expect(progTypeByName("")).toBeUndefined();
    expect(mapTypeByName("ringbuf")).toBe(27);
    expect(mapTypeByName("ring")).toBeUndefined();
    expect(attachTypeByName("trace_fentry")).toBe(24);
    expect(attachTypeByName("trace_map")).toBe(1024);
  });

  it("name and number go both ways for every program, map and attach type", () => {
    for (let i = 0; i < 33; i++) expect(progTypeByName(progTypeName(i))).toBe(i);
    for (let i = 0; i < 34; i++) expect(mapTypeByName(mapTypeName(i))).toBe(i);
    for (let i = 0; i < 58; i++) expect(attachTypeByName(attachTypeName(i))).toBe(i);
  });
});
