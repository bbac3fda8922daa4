// SPDX-License-Identifier: MIT
/* Map operations wherever a program may have them: in callbacks, in static and in global subprograms, behind a pointer that may be either map. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"

#define A_MAP                             \
	{                                 \
		__uint(type, BPF_MAP_TYPE_HASH); \
		__uint(max_entries, 64);  \
		__type(key, __u32);       \
		__type(value, __u32);     \
	}

struct A_MAP traced_map SEC(".maps");
struct A_MAP other_map SEC(".maps");
struct A_MAP update_log SEC(".maps");
struct A_MAP delete_log SEC(".maps");

SEC("map_trace/traced_map/UPDATE_ELEM")
int on_update(struct bpf_map_trace_ctx__update_elem *ctx)
{
	__u32 key = *(__u32 *)ctx->key, value = *(__u32 *)ctx->value;

	return bpf_map_update_elem(&update_log, &key, &value, BPF_ANY);
}

SEC("map_trace/traced_map/DELETE_ELEM")
int on_delete(struct bpf_map_trace_ctx__delete_elem *ctx)
{
	__u32 key = *(__u32 *)ctx->key, value = -ctx->ret;

	return bpf_map_update_elem(&delete_log, &key, &value, BPF_ANY);
}

static int fill(__u64 index, void *ctx)
{
	__u32 key = index, value = index * 10;

	bpf_map_update_elem(&traced_map, &key, &value, BPF_ANY);
	return 0;
}

static int drop_odd(struct bpf_map *map, __u32 *key, __u32 *value, void *ctx)
{
	/* The key lies in the element that goes. */
	if (*key & 1)
		bpf_map_delete_elem(map, key);
	return 0;
}

SEC("socket")
int callbacks(struct __sk_buff *skb)
{
	long filled = bpf_loop(6, fill, 0, 0);

	return filled * 100 + bpf_for_each_map_elem(&traced_map, drop_odd, 0, 0);
}

static __noinline int in_static(__u32 key)
{
	volatile __u64 pad[20] = {};
	__u32 value = key + 1;

	pad[19] = key;
	bpf_map_update_elem(&traced_map, &key, &value, BPF_ANY);
	return pad[19] + pad[0];
}

__noinline int in_global(__u32 key)
{
	volatile __u64 pad[12] = {};
	int sum;

	pad[11] = 1000;
	bpf_map_delete_elem(&traced_map, &key);
	sum = in_static(key + 1);
	return sum + pad[11] + pad[0];
}

SEC("socket")
int subprograms(struct __sk_buff *skb)
{
	volatile __u64 pad[4] = {};
	int sum;

	pad[3] = 5000;
	sum = in_global(20) + in_static(30);
	return sum + pad[3] + pad[0];
}

SEC("socket")
int either(struct __sk_buff *skb)
{
	void *map = skb->len & 1 ? (void *)&traced_map : (void *)&other_map;
	__u32 key = skb->len, value = 1;

	return bpf_map_update_elem(map, &key, &value, BPF_NOEXIST);
}

LICENSE("GPL");
