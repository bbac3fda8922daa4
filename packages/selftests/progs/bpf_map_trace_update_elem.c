// SPDX-License-Identifier: MIT
/* A program that writes to a map, and a tracer that mirrors what it wrote into another one. */
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
	__u32 value = 0xdeadbeef;

	bpf_map_update_elem(&traced_map, &key, &value, BPF_ANY);
	return 0;
}

SEC("map_trace/traced_map/UPDATE_ELEM")
int tracer(struct bpf_map_trace_ctx__update_elem *ctx)
{
	__u32 key, value;

	if (bpf_probe_read_kernel(&key, sizeof(key), ctx->key))
		return 1;
	if (bpf_probe_read_kernel(&value, sizeof(value), ctx->value))
		return 1;
	value = collatz(value);
	return bpf_map_update_elem(&tracer_map, &key, &value, BPF_ANY);
}

LICENSE("GPL");
