// SPDX-License-Identifier: MIT
/* BTF-defined maps of many kinds, with initial values where there are such. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"

struct key {
	__u32 pid;
	__s32 fd;
};

struct value {
	_Bool do_allow;
	__u64 since;
	char comm[8];
};

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} inner_one SEC(".maps"), inner_two SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct key);
	__type(value, struct value);
} allowed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} per_cpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8);
	__uint(key_size, 4);
	__uint(value_size, 6);
} without_types SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = { [1] = &inner_one, [3] = &inner_two },
};

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, __u32);
} queue SEC(".maps");

SEC("socket")
int leaf(struct __sk_buff *skb)
{
	return 77;
}

SEC("socket")
int other_leaf(struct __sk_buff *skb)
{
	return 78;
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__array(values, int(struct __sk_buff *));
} jumps SEC(".maps") = {
	.values = { [0] = &leaf, [2] = &other_leaf },
};

SEC("socket")
int jump(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &jumps, skb->len - 14);
	return 1;
}

SEC("socket")
int look_up(struct __sk_buff *skb)
{
	struct key key = { .pid = skb->len, .fd = -1 };
	struct value *value = bpf_map_lookup_elem(&allowed, &key);

	return value ? value->do_allow + 10 : 0;
}

SEC("socket")
int through_outer(struct __sk_buff *skb)
{
	__u32 slot = 1, zero = 0;
	void *map = bpf_map_lookup_elem(&outer, &slot);
	__u64 *found = map ? bpf_map_lookup_elem(map, &zero) : 0;

	return found ? *found : 0;
}

LICENSE("GPL");
