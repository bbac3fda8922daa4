/* SPDX-License-Identifier: MIT */
/*
 * The write policy: at most MAX_OPEN_FILES files that filtered processes have open are writable. Opening adds an entry (or fails to: then the file
 * stays unwritable), closing frees it. Who includes this has said what ALLOW_KEY is and defined the maps allow_writes and filtered_pids.
 */
#ifndef BPF_TS_WRITE_POLICY_H
#define BPF_TS_WRITE_POLICY_H

static __always_inline __u32 current_pid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

SEC("kretprobe/__x64_sys_openat")
int remember_open(struct pt_regs *regs)
{
	ALLOW_KEY key = { .pid = current_pid(), .fd = RETURN_VALUE(regs) };
	struct allow_value value = { .do_allow = true };
	__u32 pid = key.pid;

	if (key.fd < 0 || !bpf_map_lookup_elem(&filtered_pids, &pid))
		return 0;
	bpf_map_update_elem(&allow_writes, &key, &value, BPF_ANY);
	return 0;
}

/* long: system calls return 64 bits, and what this returns takes their place. */
SEC("fmod_ret/__x64_sys_write")
long decide_write(unsigned long long *ctx)
{
	const struct pt_regs *regs = TRACE_ARG(ctx, 0, const struct pt_regs *);
	ALLOW_KEY key = { .pid = current_pid(), .fd = SYSCALL_ARG1(regs) };
	struct allow_value *value = bpf_map_lookup_elem(&allow_writes, &key);

	return value && value->do_allow ? 0 : -EPERM;
}

SEC("fmod_ret/__x64_sys_close")
int forget_close(unsigned long long *ctx)
{
	const struct pt_regs *regs = TRACE_ARG(ctx, 0, const struct pt_regs *);
	ALLOW_KEY key = { .pid = current_pid(), .fd = SYSCALL_ARG1(regs) };

	bpf_map_delete_elem(&allow_writes, &key);
	return 0;
}

#endif
