// SPDX-License-Identifier: MIT
/* Tracers whose sections name something that is there, and tracers whose sections do not. Those start with ?: not loaded unless asked for. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u32);
} plain_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} other_map SEC(".maps");

__u64 updates, deletes;

SEC("map_trace/plain_map/UPDATE_ELEM")
int on_update(struct bpf_map_trace_ctx__update_elem *ctx)
{
	/* Read directly: neither is ever null. */
	updates += *(__u32 *)ctx->key + *(__u32 *)ctx->value;
	return 0;
}

SEC("map_trace/plain_map/DELETE_ELEM")
int on_delete(struct bpf_map_trace_ctx__delete_elem *ctx)
{
	deletes += ctx->ret == 0 ? *(__u32 *)ctx->key : 1000;
	return 0;
}

SEC("?map_trace/missing_map/UPDATE_ELEM")
int of_missing_map(struct bpf_map_trace_ctx__update_elem *ctx)
{
	return 0;
}

SEC("?map_trace/plain_map/LOOKUP_ELEM")
int of_missing_operation(struct bpf_map_trace_ctx__update_elem *ctx)
{
	return 0;
}

SEC("?map_trace/plain_map")
int of_no_operation(struct bpf_map_trace_ctx__update_elem *ctx)
{
	return 0;
}

SEC("socket")
int writer(struct __sk_buff *skb)
{
	__u32 key = 3, value = 40;

	bpf_map_update_elem(&plain_map, &key, &value, BPF_ANY);
	bpf_map_delete_elem(&plain_map, &key);
	bpf_map_delete_elem(&plain_map, &key);
	return 0;
}

SEC("socket")
int other_writer(struct __sk_buff *skb)
{
	__u64 value = 0x100000007;
	__u32 key = 0;

	return bpf_map_update_elem(&other_map, &key, &value, BPF_ANY);
}

LICENSE("GPL");
