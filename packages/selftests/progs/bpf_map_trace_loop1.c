// SPDX-License-Identifier: MIT
/* Two tracers that feed each other's map: the one that closes the circle must not attach. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"

struct bpf_map_def map0 SEC("maps") = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u32),
	.max_entries = 64,
};

struct bpf_map_def map1 SEC("maps") = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u32),
	.max_entries = 64,
};

SEC("map_trace/map0/UPDATE_ELEM")
int tracer0(struct bpf_map_trace_ctx__update_elem *ctx)
{
	__u32 zero = 0;

	bpf_map_update_elem(&map1, &zero, &zero, BPF_ANY);
	return 0;
}

SEC("map_trace/map1/UPDATE_ELEM")
int tracer1(struct bpf_map_trace_ctx__update_elem *ctx)
{
	__u32 zero = 0;

	bpf_map_update_elem(&map0, &zero, &zero, BPF_ANY);
	return 0;
}

LICENSE("GPL");
