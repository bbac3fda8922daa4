// SPDX-License-Identifier: MIT
/* Maps of the kinds that user space sees differently, and a program that writes to each. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"

struct flow {
	__u32 saddr;
	__u16 port;
	__u16 protocol;
};

struct stats {
	__u64 packets;
	__u32 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct flow);
	__type(value, struct stats);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct stats);
} by_cpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __s16);
} levels SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 3);
	__type(value, struct stats);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 3);
	__type(value, __u32);
} stack SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 64);
	__uint(map_extra, 3);
	__type(value, __u32);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__uint(key_size, 3);
	__uint(value_size, 5);
} untyped SEC(".maps");

/* Counts the packet by its length, everywhere. */
SEC("socket")
int count(struct __sk_buff *skb)
{
	__u32 length = skb->len;
	struct flow flow = { .saddr = length, .port = 80, .protocol = 6 };
	struct stats first = { .packets = 1, .bytes = length };
	struct stats *stats;

	stats = bpf_map_lookup_elem(&flows, &flow);
	if (stats) {
		stats->packets++;
		stats->bytes += length;
	} else {
		bpf_map_update_elem(&flows, &flow, &first, BPF_NOEXIST);
	}
	bpf_map_update_elem(&by_cpu, &length, &first, BPF_ANY);
	bpf_map_push_elem(&queue, &first, BPF_EXIST);
	bpf_map_push_elem(&stack, &length, BPF_EXIST);
	bpf_map_push_elem(&seen, &length, 0);
	return bpf_map_peek_elem(&seen, &length) == 0;
}

LICENSE("GPL");
