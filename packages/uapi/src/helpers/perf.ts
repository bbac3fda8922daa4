/** Helpers of perf events and stacks. */
import type { HelperProto } from "../helper-proto.ts";
import {
  ANY,
  BTF_TASK_STRUCT,
  CTX,
  DONTCARE,
  MAP,
  OUT_MEM_OR_NULL,
  RO_MEM,
  SIZE,
  SIZE_OR_ZERO,
  UNINIT_MEM,
} from "./arg.ts";
import { INTEGER } from "./ret.ts";

/** Perf events, stacks, branch records. */
export const PERF_HELPERS: readonly HelperProto[] = [
  {
    id: 22,
    name: "perf_event_read",
    signature: "__u64 bpf_perf_event_read(void *map, __u64 flags)",
    args: [MAP, ANY],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 25,
    name: "perf_event_output",
    signature: "long bpf_perf_event_output(void *ctx, void *map, __u64 flags, void *data, __u64 size)",
    args: [CTX, MAP, ANY, RO_MEM, SIZE_OR_ZERO],
    ret: INTEGER,
    gplOnly: true,
    variants: {
      bpf_perf_event_output_tp: { args: [CTX, MAP, ANY, RO_MEM, SIZE_OR_ZERO], ret: INTEGER, gplOnly: true },
      bpf_perf_event_output_raw_tp: { args: [CTX, MAP, ANY, RO_MEM, SIZE_OR_ZERO], ret: INTEGER, gplOnly: true },
      bpf_skb_event_output: { args: [CTX, MAP, ANY, RO_MEM, SIZE_OR_ZERO], ret: INTEGER, gplOnly: true },
      bpf_xdp_event_output: { args: [CTX, MAP, ANY, RO_MEM, SIZE_OR_ZERO], ret: INTEGER, gplOnly: true },
      bpf_event_output_data: { args: [CTX, MAP, ANY, RO_MEM, SIZE_OR_ZERO], ret: INTEGER, gplOnly: true },
    },
  },
  {
    id: 27,
    name: "get_stackid",
    signature: "long bpf_get_stackid(void *ctx, void *map, __u64 flags)",
    args: [CTX, MAP, ANY],
    ret: INTEGER,
    gplOnly: true,
    variants: {
      bpf_get_stackid_tp: { args: [CTX, MAP, ANY], ret: INTEGER, gplOnly: true },
      bpf_get_stackid_raw_tp: { args: [CTX, MAP, ANY], ret: INTEGER, gplOnly: true },
      bpf_get_stackid_pe: { args: [CTX, MAP, ANY], ret: INTEGER },
    },
  },
  {
    id: 55,
    name: "perf_event_read_value",
    signature:
      "long bpf_perf_event_read_value(void *map, __u64 flags, struct bpf_perf_event_value *buf, __u32 buf_size)",
    args: [MAP, ANY, UNINIT_MEM, SIZE],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 56,
    name: "perf_prog_read_value",
    signature:
      "long bpf_perf_prog_read_value(struct bpf_perf_event_data *ctx, struct bpf_perf_event_value *buf, __u32 buf_size)",
    args: [CTX, UNINIT_MEM, SIZE],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 67,
    name: "get_stack",
    signature: "long bpf_get_stack(void *ctx, void *buf, __u32 size, __u64 flags)",
    args: [CTX, UNINIT_MEM, SIZE_OR_ZERO, ANY],
    ret: INTEGER,
    gplOnly: true,
    variants: {
      bpf_get_stack_sleepable: {
        args: [CTX, UNINIT_MEM, SIZE_OR_ZERO, ANY],
        ret: INTEGER,
        gplOnly: true,
        mightSleep: true,
      },
      bpf_get_stack_tp: { args: [CTX, UNINIT_MEM, SIZE_OR_ZERO, ANY], ret: INTEGER, gplOnly: true },
      bpf_get_stack_raw_tp: { args: [CTX, UNINIT_MEM, SIZE_OR_ZERO, ANY], ret: INTEGER, gplOnly: true },
      bpf_get_stack_pe: { args: [CTX, UNINIT_MEM, SIZE_OR_ZERO, ANY], ret: INTEGER, gplOnly: true },
    },
  },
  {
    id: 119,
    name: "read_branch_records",
    signature: "long bpf_read_branch_records(struct bpf_perf_event_data *ctx, void *buf, __u32 size, __u64 flags)",
    args: [CTX, OUT_MEM_OR_NULL, SIZE_OR_ZERO, ANY],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 141,
    name: "get_task_stack",
    signature: "long bpf_get_task_stack(struct task_struct *task, void *buf, __u32 size, __u64 flags)",
    args: [BTF_TASK_STRUCT, UNINIT_MEM, SIZE_OR_ZERO, ANY],
    ret: INTEGER,
    variants: {
      bpf_get_task_stack_sleepable: {
        args: [BTF_TASK_STRUCT, UNINIT_MEM, SIZE_OR_ZERO, ANY],
        ret: INTEGER,
        mightSleep: true,
      },
    },
  },
  {
    id: 176,
    name: "get_branch_snapshot",
    signature: "long bpf_get_branch_snapshot(void *entries, __u32 size, __u64 flags)",
    args: [UNINIT_MEM, SIZE_OR_ZERO, DONTCARE],
    ret: INTEGER,
    gplOnly: true,
  },
];
