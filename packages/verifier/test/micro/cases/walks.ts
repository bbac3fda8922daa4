import type { MicroCase } from "../case.ts";

/** The task of a new task in r6, trusted. */
const walk = (name: string, code: string, more: Partial<MicroCase> = {}): MicroCase => ({
  name,
  type: 26,
  attachType: 23,
  target: "btf_trace_task_newtask",
  code: `r6 = *(u64 *)(r1 +0)\n${code}\nout: r0 = 0\nexit`,
  ...more,
});
const RELEASE = "if r0 == 0x0 goto out\nr1 = r0\ncall kfunc bpf_task_release";
const CGROUP = `r6 = *(u64 *)(r6 +task_struct.cgroups)
                if r6 == 0x0 goto out
                r6 = *(u64 *)(r6 +css_set.dfl_cgrp)`;

/** Walks through kernel structures: what may be read, and what is still vouched for at their ends. */
export const WALK_CASES: readonly MicroCase[] = [
  walk("number read", "r0 = *(u64 *)(r6 +task_struct.start_time)"),
  walk("part of a number read", "r0 = *(u8 *)(r6 +task_struct.pid)"),
  walk("number and more read", "r0 = *(u64 *)(r6 +task_struct.pid)"),
  walk("number read across its end", "r6 += 1\nr0 = *(u64 *)(r6 +task_struct.start_time)"),
  walk("number read signed", "r0 = *(s32 *)(r6 +task_struct.pid)"),
  walk("pointer read", "r7 = *(u64 *)(r6 +task_struct.last_wakee)\nr0 = *(u32 *)(r7 +task_struct.pid)"),
  walk("pointer read in part", "r7 = *(u32 *)(r6 +task_struct.last_wakee)"),
  walk("pointer read at its middle", "r6 += 4\nr7 = *(u64 *)(r6 +task_struct.last_wakee)"),
  walk("pointer to nothing known followed", "r7 = *(u64 *)(r6 +task_struct.stack)\nr0 = *(u32 *)(r7 +0)"),
  walk("text read", "r0 = *(u8 *)(r6 +task_struct.comm)"),
  walk("text read at its end", "r6 += 15\nr0 = *(u8 *)(r6 +task_struct.comm)"),
  walk("before the structure", "r6 += -8\nr0 = *(u64 *)(r6 +0)"),
  walk("behind the structure", "r0 = *(u64 *)(r6 +32760)"),
  walk("the task acquired", `r1 = r6\ncall kfunc bpf_task_acquire\n${RELEASE}`),
  walk("moved task acquired", `r1 = r6\nr1 += 8\ncall kfunc bpf_task_acquire\n${RELEASE}`),
  walk(
    "its real parent acquired",
    `r1 = *(u64 *)(r6 +task_struct.real_parent)\nif r1 == 0x0 goto out\ncall kfunc bpf_task_acquire\n${RELEASE}`,
  ),
  walk(
    "its real parent acquired unchecked",
    `r1 = *(u64 *)(r6 +task_struct.real_parent)\ncall kfunc bpf_task_acquire\n${RELEASE}`,
  ),
  walk(
    "what it woke acquired",
    `r1 = *(u64 *)(r6 +task_struct.last_wakee)\nif r1 == 0x0 goto out\ncall kfunc bpf_task_acquire\n${RELEASE}`,
  ),
  walk(
    "the real parent's real parent acquired",
    `r1 = *(u64 *)(r6 +task_struct.real_parent)\nif r1 == 0x0 goto out\nr1 = *(u64 *)(r1 +task_struct.real_parent)\nif r1 == 0x0 goto out\ncall kfunc bpf_task_acquire\n${RELEASE}`,
  ),
  walk("kernel function given a number for a task", `r1 = 1\ncall kfunc bpf_task_acquire\n${RELEASE}`),
  walk("kernel function given NULL for a task", `r1 = 0\ncall kfunc bpf_task_acquire\n${RELEASE}`),
  walk(
    "control group of the task acquired",
    `${CGROUP}\nif r6 == 0x0 goto out\nr1 = r6\ncall kfunc bpf_cgroup_acquire\nif r0 == 0x0 goto out\nr1 = r0\ncall kfunc bpf_cgroup_release`,
  ),
  walk(
    "control group of the task acquired unchecked",
    `${CGROUP}\nr1 = r6\ncall kfunc bpf_cgroup_acquire\nif r0 == 0x0 goto out\nr1 = r0\ncall kfunc bpf_cgroup_release`,
  ),
  walk(
    "control group of the task released",
    `${CGROUP}\nif r6 == 0x0 goto out\nr1 = r6\ncall kfunc bpf_cgroup_release`,
  ),
  walk("number of the control group read", `${CGROUP}\nif r6 == 0x0 goto out\nr0 = *(u32 *)(r6 +cgroup.level)`),
  walk("number of the control group read unchecked", `${CGROUP}\nr0 = *(u32 *)(r6 +cgroup.level)`),
  walk(
    "reference and its source",
    `r1 = r6\ncall kfunc bpf_task_acquire\nif r0 == 0x0 goto out\nr7 = *(u64 *)(r0 +task_struct.real_parent)\nr1 = r0\ncall kfunc bpf_task_release\nif r7 == 0x0 goto out\nr0 = *(u32 *)(r7 +task_struct.pid)`,
  ),
  walk(
    "a reference's parent acquired when the reference is gone",
    `r1 = r6\ncall kfunc bpf_task_acquire\nif r0 == 0x0 goto out\nr7 = *(u64 *)(r0 +task_struct.real_parent)\nr1 = r0\ncall kfunc bpf_task_release\nif r7 == 0x0 goto out\nr1 = r7\ncall kfunc bpf_task_acquire\n${RELEASE}`,
  ),
  walk("kept on the stack", `*(u64 *)(r10 -8) = r6\nr1 = *(u64 *)(r10 -8)\ncall kfunc bpf_task_acquire\n${RELEASE}`),
  walk(
    "kept on the stack in part",
    `*(u64 *)(r10 -8) = r6\n*(u32 *)(r10 -8) = 0\nr1 = *(u64 *)(r10 -8)\ncall kfunc bpf_task_acquire\n${RELEASE}`,
  ),
  walk("written to by a helper", "r1 = r6\nr2 = 4\nr3 = 0\ncall bpf_probe_read_kernel#113"),
  walk("read by a helper", "r1 = r10\nr1 += -8\nr2 = 8\nr3 = r6\ncall bpf_probe_read_kernel#113"),
  walk("sum of two pointers", "r7 = r6\nr7 += r6"),
  walk("difference of two pointers", "r7 = r6\nr7 -= r6"),
  walk("compared with NULL", "if r6 == 0x0 goto out\nr0 = *(u32 *)(r6 +task_struct.pid)"),
  walk(
    "stored into a map",
    "*(u32 *)(r10 -4) = 0\nr2 = r10\nr2 += -4\nr1 = map[fd:10]\ncall bpf_map_lookup_elem#1\nif r0 == 0x0 goto out\n*(u64 *)(r0 +0) = r6",
  ),
  walk("exchanged atomically", "r7 = 0\nlock *(u64 *)(r6 +task_struct.start_time) += r7"),
  walk("returned", "r0 = r6\nif r6 != 0x0 goto end\ngoto out\nend: exit"),
];
