// SPDX-License-Identifier: MIT
/* A program that deletes from an empty map, and a tracer that runs all the same. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"
#include "include/collatz.h"

struct bpf_map_def traced_map SEC("maps") = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u32),
	.max_entries = 64,
};

struct bpf_map_def tracer_map SEC("maps") = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u32),
	.max_entries = 64,
};

SEC("kprobe/__sys_bpf")
int traced(struct pt_regs *regs)
{
	__u32 key = 5;

	bpf_map_delete_elem(&traced_map, &key);
	return 0;
}

SEC("map_trace/traced_map/DELETE_ELEM")
int tracer(struct bpf_map_trace_ctx__delete_elem *ctx)
{
	__u32 key, pid;

	if (bpf_probe_read_kernel(&key, sizeof(key), ctx->key))
		return 1;
	key = collatz(key);
	pid = bpf_get_current_pid_tgid() >> 32;
	return bpf_map_update_elem(&tracer_map, &key, &pid, BPF_ANY);
}

LICENSE("GPL");
