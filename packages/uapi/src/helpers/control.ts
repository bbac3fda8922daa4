/** Helpers for control flow, locks, per-CPU variables and the CPU. */
import type { HelperProto } from "../helper-proto.ts";
import { ANY, CTX, FUNC, MAP, PERCPU_BTF_ID, SPIN_LOCK, STACK_OR_NULL } from "./arg.ts";
import { INTEGER, TO_RO_MEM_OR_BTF_ID, TO_RO_MEM_OR_BTF_ID_OR_NULL, VOID } from "./ret.ts";

/** Control flow, locks, CPUs, random numbers. */
export const CONTROL_HELPERS: readonly HelperProto[] = [
  { id: 7, name: "get_prandom_u32", signature: "__u32 bpf_get_prandom_u32(void)", args: [], ret: INTEGER },
  {
    id: 8,
    name: "get_smp_processor_id",
    signature: "__u32 bpf_get_smp_processor_id(void)",
    args: [],
    ret: INTEGER,
    fastcall: true,
    variants: { bpf_get_raw_smp_processor_id: { args: [], ret: INTEGER } },
  },
  {
    id: 12,
    name: "tail_call",
    signature: "long bpf_tail_call(void *ctx, void *prog_array_map, __u32 index)",
    args: [CTX, MAP, ANY],
    ret: VOID,
    changesPktData: true,
  },
  { id: 42, name: "get_numa_node_id", signature: "long bpf_get_numa_node_id(void)", args: [], ret: INTEGER },
  {
    id: 93,
    name: "spin_lock",
    signature: "long bpf_spin_lock(struct bpf_spin_lock *lock)",
    args: [SPIN_LOCK],
    ret: VOID,
  },
  {
    id: 94,
    name: "spin_unlock",
    signature: "long bpf_spin_unlock(struct bpf_spin_lock *lock)",
    args: [SPIN_LOCK],
    ret: VOID,
  },
  {
    id: 153,
    name: "per_cpu_ptr",
    signature: "void *bpf_per_cpu_ptr(const void *percpu_ptr, __u32 cpu)",
    args: [PERCPU_BTF_ID, ANY],
    ret: TO_RO_MEM_OR_BTF_ID_OR_NULL,
  },
  {
    id: 154,
    name: "this_cpu_ptr",
    signature: "void *bpf_this_cpu_ptr(const void *percpu_ptr)",
    args: [PERCPU_BTF_ID],
    ret: TO_RO_MEM_OR_BTF_ID,
  },
  {
    id: 181,
    name: "loop",
    signature: "long bpf_loop(__u32 nr_loops, void *callback_fn, void *callback_ctx, __u64 flags)",
    args: [ANY, FUNC, STACK_OR_NULL, ANY],
    ret: INTEGER,
  },
];
