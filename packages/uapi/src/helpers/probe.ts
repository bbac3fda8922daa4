/** Helpers that read and write memory that may fault. */
import type { HelperProto } from "../helper-proto.ts";
import { ANY, BTF_TASK_STRUCT, RO_MEM, SIZE, SIZE_OR_ZERO, UNINIT_MEM } from "./arg.ts";
import { INTEGER } from "./ret.ts";

/** Memory that may fault. */
export const PROBE_HELPERS: readonly HelperProto[] = [
  {
    id: 4,
    name: "probe_read",
    signature: "long bpf_probe_read(void *dst, __u32 size, const void *unsafe_ptr)",
    proto: "bpf_probe_read_compat",
    args: [UNINIT_MEM, SIZE_OR_ZERO, ANY],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 36,
    name: "probe_write_user",
    signature: "long bpf_probe_write_user(void *dst, const void *src, __u32 len)",
    args: [ANY, RO_MEM, SIZE],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 45,
    name: "probe_read_str",
    signature: "long bpf_probe_read_str(void *dst, __u32 size, const void *unsafe_ptr)",
    proto: "bpf_probe_read_compat_str",
    args: [UNINIT_MEM, SIZE_OR_ZERO, ANY],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 112,
    name: "probe_read_user",
    signature: "long bpf_probe_read_user(void *dst, __u32 size, const void *unsafe_ptr)",
    args: [UNINIT_MEM, SIZE_OR_ZERO, ANY],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 113,
    name: "probe_read_kernel",
    signature: "long bpf_probe_read_kernel(void *dst, __u32 size, const void *unsafe_ptr)",
    args: [UNINIT_MEM, SIZE_OR_ZERO, ANY],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 114,
    name: "probe_read_user_str",
    signature: "long bpf_probe_read_user_str(void *dst, __u32 size, const void *unsafe_ptr)",
    args: [UNINIT_MEM, SIZE_OR_ZERO, ANY],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 115,
    name: "probe_read_kernel_str",
    signature: "long bpf_probe_read_kernel_str(void *dst, __u32 size, const void *unsafe_ptr)",
    args: [UNINIT_MEM, SIZE_OR_ZERO, ANY],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 148,
    name: "copy_from_user",
    signature: "long bpf_copy_from_user(void *dst, __u32 size, const void *user_ptr)",
    args: [UNINIT_MEM, SIZE_OR_ZERO, ANY],
    ret: INTEGER,
    mightSleep: true,
  },
  {
    id: 191,
    name: "copy_from_user_task",
    signature:
      "long bpf_copy_from_user_task(void *dst, __u32 size, const void *user_ptr, struct task_struct *tsk, __u64 flags)",
    args: [UNINIT_MEM, SIZE_OR_ZERO, ANY, BTF_TASK_STRUCT, ANY],
    ret: INTEGER,
    gplOnly: true,
    mightSleep: true,
  },
];
