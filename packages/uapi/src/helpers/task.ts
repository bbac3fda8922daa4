/** Helpers that ask about tasks and signal them. */
import type { HelperProto } from "../helper-proto.ts";
import { ANY, BTF_TASK_STRUCT, FUNC, SIZE, STACK_OR_NULL, UNINIT_MEM } from "./arg.ts";
import { INTEGER, TO_BTF_PT_REGS, TO_TRUSTED_BTF_TASK_STRUCT } from "./ret.ts";

/** The current task and others. */
export const TASK_HELPERS: readonly HelperProto[] = [
  { id: 14, name: "get_current_pid_tgid", signature: "__u64 bpf_get_current_pid_tgid(void)", args: [], ret: INTEGER },
  { id: 15, name: "get_current_uid_gid", signature: "__u64 bpf_get_current_uid_gid(void)", args: [], ret: INTEGER },
  {
    id: 16,
    name: "get_current_comm",
    signature: "long bpf_get_current_comm(void *buf, __u32 size_of_buf)",
    args: [UNINIT_MEM, SIZE],
    ret: INTEGER,
  },
  {
    id: 35,
    name: "get_current_task",
    signature: "__u64 bpf_get_current_task(void)",
    args: [],
    ret: INTEGER,
    gplOnly: true,
  },
  { id: 109, name: "send_signal", signature: "long bpf_send_signal(__u32 sig)", args: [ANY], ret: INTEGER },
  {
    id: 117,
    name: "send_signal_thread",
    signature: "long bpf_send_signal_thread(__u32 sig)",
    args: [ANY],
    ret: INTEGER,
  },
  {
    id: 120,
    name: "get_ns_current_pid_tgid",
    signature: "long bpf_get_ns_current_pid_tgid(__u64 dev, __u64 ino, struct bpf_pidns_info *nsdata, __u32 size)",
    args: [ANY, ANY, UNINIT_MEM, SIZE],
    ret: INTEGER,
  },
  {
    id: 158,
    name: "get_current_task_btf",
    signature: "struct task_struct *bpf_get_current_task_btf(void)",
    args: [],
    ret: TO_TRUSTED_BTF_TASK_STRUCT,
    gplOnly: true,
  },
  {
    id: 175,
    name: "task_pt_regs",
    signature: "long bpf_task_pt_regs(struct task_struct *task)",
    args: [BTF_TASK_STRUCT],
    ret: TO_BTF_PT_REGS,
    gplOnly: true,
  },
  {
    id: 180,
    name: "find_vma",
    signature:
      "long bpf_find_vma(struct task_struct *task, __u64 addr, void *callback_fn, void *callback_ctx, __u64 flags)",
    args: [BTF_TASK_STRUCT, ANY, FUNC, STACK_OR_NULL, ANY],
    ret: INTEGER,
  },
];
