/** Helpers of cgroup hooks, and those that ask about cgroups. */
import type { HelperProto } from "../helper-proto.ts";
import { ANY, CTX, MAP, OUT_MEM, RO_MEM, SIZE, UNINIT_MEM } from "./arg.ts";
import { INTEGER } from "./ret.ts";

/** Control groups, sysctl, return values of cgroup hooks. */
export const CGROUP_HELPERS: readonly HelperProto[] = [
  {
    id: 37,
    name: "current_task_under_cgroup",
    signature: "long bpf_current_task_under_cgroup(void *map, __u32 index)",
    args: [MAP, ANY],
    ret: INTEGER,
  },
  { id: 80, name: "get_current_cgroup_id", signature: "__u64 bpf_get_current_cgroup_id(void)", args: [], ret: INTEGER },
  {
    id: 101,
    name: "sysctl_get_name",
    signature: "long bpf_sysctl_get_name(struct bpf_sysctl *ctx, char *buf, unsigned long buf_len, __u64 flags)",
    args: [CTX, OUT_MEM, SIZE, ANY],
    ret: INTEGER,
  },
  {
    id: 102,
    name: "sysctl_get_current_value",
    signature: "long bpf_sysctl_get_current_value(struct bpf_sysctl *ctx, char *buf, unsigned long buf_len)",
    args: [CTX, UNINIT_MEM, SIZE],
    ret: INTEGER,
  },
  {
    id: 103,
    name: "sysctl_get_new_value",
    signature: "long bpf_sysctl_get_new_value(struct bpf_sysctl *ctx, char *buf, unsigned long buf_len)",
    args: [CTX, UNINIT_MEM, SIZE],
    ret: INTEGER,
  },
  {
    id: 104,
    name: "sysctl_set_new_value",
    signature: "long bpf_sysctl_set_new_value(struct bpf_sysctl *ctx, const char *buf, unsigned long buf_len)",
    args: [CTX, RO_MEM, SIZE],
    ret: INTEGER,
  },
  {
    id: 123,
    name: "get_current_ancestor_cgroup_id",
    signature: "__u64 bpf_get_current_ancestor_cgroup_id(int ancestor_level)",
    args: [ANY],
    ret: INTEGER,
  },
  { id: 186, name: "get_retval", signature: "int bpf_get_retval(void)", args: [], ret: INTEGER },
  { id: 187, name: "set_retval", signature: "int bpf_set_retval(int retval)", args: [ANY], ret: INTEGER },
];
