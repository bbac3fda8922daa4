// SPDX-License-Identifier: MIT
/* An access that is to be relocated by the running kernel's types; one program without. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"

struct task_like {
	int pid;
	int tgid;
} __attribute__((preserve_access_index));

static __noinline int tgid_of(struct task_like *task)
{
	int tgid = 0;

	bpf_probe_read_kernel(&tgid, sizeof(tgid), &task->tgid);
	return tgid;
}

SEC("kprobe/__x64_sys_close")
int relocated(struct pt_regs *ctx)
{
	return tgid_of((void *)bpf_get_current_task());
}

SEC("kprobe/__x64_sys_close")
int plain(struct pt_regs *ctx)
{
	return 0;
}

LICENSE("GPL");
