// SPDX-License-Identifier: MIT
/*
 * The write policy, old layout: at most MAX_OPEN_FILES files that filtered processes have open are writable. Opening adds an entry
 * (or fails to: then the file stays unwritable), closing frees it.
 */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"
#include "include/allow_writes.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_OPEN_FILES);
	__type(key, struct allow_key__old);
	__type(value, struct allow_value);
} allow_writes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} filtered_pids SEC(".maps");

static __always_inline __u32 current_pid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

SEC("kretprobe/__x64_sys_openat")
int remember_open(struct pt_regs *regs)
{
	struct allow_key__old key = { .pid = current_pid(), .fd = RETURN_VALUE(regs) };
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
	struct allow_key__old key = { .pid = current_pid(), .fd = SYSCALL_ARG1(regs) };
	struct allow_value *value = bpf_map_lookup_elem(&allow_writes, &key);

	return value && value->do_allow ? 0 : -EPERM;
}

SEC("fmod_ret/__x64_sys_close")
int forget_close(unsigned long long *ctx)
{
	const struct pt_regs *regs = TRACE_ARG(ctx, 0, const struct pt_regs *);
	struct allow_key__old key = { .pid = current_pid(), .fd = SYSCALL_ARG1(regs) };

	bpf_map_delete_elem(&allow_writes, &key);
	return 0;
}

LICENSE("GPL");
