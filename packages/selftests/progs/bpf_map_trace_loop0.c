// SPDX-License-Identifier: MIT
/* A tracer that writes to the very map that it traces: it must not attach. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"

struct bpf_map_def traced_map SEC("maps") = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u32),
	.max_entries = 64,
};

SEC("map_trace/traced_map/UPDATE_ELEM")
int tracer(struct bpf_map_trace_ctx__update_elem *ctx)
{
	__u32 zero = 0;

	bpf_map_update_elem(&traced_map, &zero, &zero, BPF_ANY);
	return 0;
}

LICENSE("GPL");
