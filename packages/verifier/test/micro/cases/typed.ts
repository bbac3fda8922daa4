import type { MicroCase } from "../case.ts";

const TRACING = 26;
const RAW_TP = 23;
const ITER = 28;

const tp = (name: string, code: string, more: Partial<MicroCase> = {}): MicroCase => ({
  name,
  type: TRACING,
  attachType: RAW_TP,
  target: "btf_trace_task_newtask",
  code,
  ...more,
});
const iter = (name: string, target: string, code: string): MicroCase => ({
  name,
  type: TRACING,
  attachType: ITER,
  target,
  code,
});

/** Contexts typed by BTF, walks through kernel structures, kernel functions, sections. */
export const TYPED_CASES: readonly MicroCase[] = [
  tp("argument read", "r2 = *(u64 *)(r1 +0)\nr0 = *(u32 *)(r2 +0)\nr0 = 0\nexit"),
  tp("argument read in part", "r2 = *(u32 *)(r1 +0)\nr0 = 0\nexit"),
  tp("second argument is a number", "r2 = *(u64 *)(r1 +8)\nr0 = *(u32 *)(r2 +0)\nexit"),
  tp("second argument read in part", "r2 = *(u32 *)(r1 +8)\nr0 = 0\nexit"),
  tp("third argument of two", "r2 = *(u64 *)(r1 +16)\nr0 = 0\nexit"),
  tp("context beyond twelve arguments", "r2 = *(u64 *)(r1 +96)\nr0 = 0\nexit"),
  tp("context at an odd offset", "r2 = *(u32 *)(r1 +4)\nr0 = 0\nexit"),
  tp("context written", "*(u64 *)(r1 +0) = 0\nr0 = 0\nexit"),
  tp("argument that may be NULL", "r2 = *(u64 *)(r1 +8)\nr0 = *(u64 *)(r2 +0)\nr0 = 0\nexit", {
    target: "btf_trace_tcp_send_reset",
  }),
  tp(
    "argument that may be NULL, checked",
    "r2 = *(u64 *)(r1 +8)\nr0 = 0\nif r2 == 0x0 goto out\nr2 = *(u64 *)(r2 +0)\nout: exit",
    {
      target: "btf_trace_tcp_send_reset",
    },
  ),
  tp("target that is no typedef", "r0 = 0\nexit", { target: "security_file_open" }),
  tp("no target", "r0 = 0\nexit", { target: "" }),
  iter("target of an iterator that is none", "security_file_open", "r0 = 0\nexit"),
  iter(
    "task of an iterator",
    "bpf_iter_task",
    "r2 = *(u64 *)(r1 +8)\nr0 = 0\nif r2 == 0x0 goto out\nr2 = *(u32 *)(r2 +0)\nout: exit",
  ),
  iter("task of an iterator unchecked", "bpf_iter_task", "r2 = *(u64 *)(r1 +8)\nr2 = *(u32 *)(r2 +0)\nr0 = 0\nexit"),
  iter(
    "meta of an iterator",
    "bpf_iter_task",
    "r2 = *(u64 *)(r1 +0)\nr2 = *(u64 *)(r2 +0)\nr2 = *(u64 *)(r2 +0)\nr0 = 0\nexit",
  ),
  iter(
    "key and value of an iterator",
    "bpf_iter_bpf_map_elem",
    `r2 = *(u64 *)(r1 +16)
     r3 = *(u64 *)(r1 +24)
     r0 = 0
     if r2 == 0x0 goto out
     if r3 == 0x0 goto out
     r4 = *(u64 *)(r2 +0)
     *(u64 *)(r3 +0) = r4
     out: exit`,
  ),
  iter(
    "key of an iterator written",
    "bpf_iter_bpf_map_elem",
    `r2 = *(u64 *)(r1 +16)
     r0 = 0
     if r2 == 0x0 goto out
     *(u64 *)(r2 +0) = 0
     out: exit`,
  ),
  tp("structure written", "r2 = *(u64 *)(r1 +0)\n*(u32 *)(r2 +0) = 1\nr0 = 0\nexit"),
  tp("structure at a negative offset", "r2 = *(u64 *)(r1 +0)\nr0 = *(u32 *)(r2 -4)\nr0 = 0\nexit"),
  tp(
    "structure at a variable offset",
    "r2 = *(u64 *)(r1 +0)\nr3 = *(u64 *)(r1 +8)\nr3 &= 4\nr2 += r3\nr0 = *(u32 *)(r2 +0)\nr0 = 0\nexit",
  ),
  tp("kernel structure without the GPL", "r2 = *(u64 *)(r1 +0)\nr0 = *(u32 *)(r2 +0)\nr0 = 0\nexit", {
    license: "mine",
  }),
  {
    name: "kernel function without the GPL",
    license: "mine",
    code: "call kfunc bpf_rcu_read_lock\ncall kfunc bpf_rcu_read_unlock\nr0 = 0\nexit",
  },
  {
    name: "function that is none for programs",
    code: "call kfunc bpf_fentry_test1\nr0 = 0\nexit",
  },
  {
    name: "kernel function for tracing in a filter",
    type: 1,
    code: "r1 = 1\ncall kfunc bpf_task_from_pid\nr0 = 0\nexit",
  },
  { name: "missing kernel function in dead code", code: "r0 = 0\nif r0 == 0x0 goto out\ncall missing#0\nout: exit" },
  { name: "missing kernel function", code: "call missing#0\nr0 = 0\nexit" },
  {
    name: "numbers iterated over",
    code: `r1 = r10
           r1 += -8
           r2 = 0
           r3 = 10
           call kfunc bpf_iter_num_new
           next: r1 = r10
           r1 += -8
           call kfunc bpf_iter_num_next
           if r0 == 0x0 goto out
           r0 = *(u32 *)(r0 +0)
           goto next
           out: r1 = r10
           r1 += -8
           call kfunc bpf_iter_num_destroy
           r0 = 0
           exit`,
  },
  {
    name: "iterator not destroyed",
    code: `r1 = r10
           r1 += -8
           r2 = 0
           r3 = 10
           call kfunc bpf_iter_num_new
           r0 = 0
           exit`,
  },
  {
    name: "iterator not made",
    code: `r1 = r10
           r1 += -8
           call kfunc bpf_iter_num_next
           r0 = 0
           exit`,
  },
  {
    name: "iterator made twice",
    code: `r1 = r10
           r1 += -8
           r2 = 0
           r3 = 10
           call kfunc bpf_iter_num_new
           r1 = r10
           r1 += -8
           r2 = 0
           r3 = 10
           call kfunc bpf_iter_num_new
           r0 = 0
           exit`,
  },
  {
    name: "iterator in a map's value",
    code: `r1 = map[fd:16][0]+0
           r2 = 0
           r3 = 10
           call kfunc bpf_iter_num_new
           r0 = 0
           exit`,
  },
  {
    name: "iterator's bounds are pointers",
    code: `r2 = r10
           r1 = r10
           r1 += -8
           r3 = 10
           call kfunc bpf_iter_num_new
           r0 = 0
           exit`,
  },
  {
    name: "iterator's element unchecked",
    code: `r1 = r10
           r1 += -8
           r2 = 0
           r3 = 10
           call kfunc bpf_iter_num_new
           r1 = r10
           r1 += -8
           call kfunc bpf_iter_num_next
           r0 = *(u32 *)(r0 +0)
           exit`,
  },
  {
    name: "iterator's element written",
    code: `r1 = r10
           r1 += -8
           r2 = 0
           r3 = 10
           call kfunc bpf_iter_num_new
           r1 = r10
           r1 += -8
           call kfunc bpf_iter_num_next
           if r0 == 0x0 goto out
           *(u32 *)(r0 +0) = 1
           out: r1 = r10
           r1 += -8
           call kfunc bpf_iter_num_destroy
           r0 = 0
           exit`,
  },
  {
    name: "iterator overwritten",
    code: `r1 = r10
           r1 += -8
           r2 = 0
           r3 = 10
           call kfunc bpf_iter_num_new
           *(u64 *)(r10 -8) = 0
           r1 = r10
           r1 += -8
           call kfunc bpf_iter_num_destroy
           r0 = 0
           exit`,
  },
  { name: "read section left open", code: "call kfunc bpf_rcu_read_lock\nr0 = 0\nexit" },
  { name: "read section left twice", code: "call kfunc bpf_rcu_read_unlock\nr0 = 0\nexit" },
  {
    name: "read sections nested",
    code: `call kfunc bpf_rcu_read_lock
           call kfunc bpf_rcu_read_lock
           call kfunc bpf_rcu_read_unlock
           call kfunc bpf_rcu_read_unlock
           r0 = 0
           exit`,
  },
  { name: "preemption left off", code: "call kfunc bpf_preempt_disable\nr0 = 0\nexit" },
  { name: "preemption on twice", code: "call kfunc bpf_preempt_enable\nr0 = 0\nexit" },
  {
    name: "task acquired and released",
    code: `r1 = 1
           call kfunc bpf_task_from_pid
           if r0 == 0x0 goto out
           r1 = r0
           call kfunc bpf_task_release
           out: r0 = 0
           exit`,
  },
  {
    name: "task acquired and kept",
    code: `r1 = 1
           call kfunc bpf_task_from_pid
           r0 = 0
           exit`,
  },
  {
    name: "task released unchecked",
    code: `r1 = 1
           call kfunc bpf_task_from_pid
           r1 = r0
           call kfunc bpf_task_release
           r0 = 0
           exit`,
  },
  {
    name: "task read after it was released",
    code: `r1 = 1
           call kfunc bpf_task_from_pid
           if r0 == 0x0 goto out
           r6 = r0
           r1 = r0
           call kfunc bpf_task_release
           r0 = *(u32 *)(r6 +0)
           out: r0 = 0
           exit`,
  },
  {
    name: "task released as a control group",
    code: `r1 = 1
           call kfunc bpf_task_from_pid
           if r0 == 0x0 goto out
           r1 = r0
           call kfunc bpf_cgroup_release
           out: r0 = 0
           exit`,
  },
  {
    name: "stack released as a task",
    code: `*(u64 *)(r10 -8) = 0
           r1 = r10
           r1 += -8
           call kfunc bpf_task_release
           r0 = 0
           exit`,
  },
  {
    name: "exception",
    code: `r1 = 7
           call kfunc bpf_throw
           r0 = 0
           exit`,
  },
  {
    name: "exception with a task held",
    code: `r1 = 1
           call kfunc bpf_task_from_pid
           r1 = 7
           call kfunc bpf_throw
           r0 = 0
           exit`,
  },
  tp("exception out of the range of results", "r1 = 7\ncall kfunc bpf_throw\nr0 = 0\nexit"),
  {
    name: "map read as the kernel has it",
    code: "r1 = map[fd:11]\nr0 = *(u32 *)(r1 +0)\nr0 = 0\nexit",
    type: 5,
  },
  { name: "map written as the kernel has it", code: "r1 = map[fd:11]\n*(u32 *)(r1 +0) = 0\nr0 = 0\nexit", type: 5 },
  { name: "map read before its beginning", code: "r1 = map[fd:11]\nr0 = *(u32 *)(r1 -4)\nr0 = 0\nexit", type: 5 },
];
