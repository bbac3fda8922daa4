// SPDX-License-Identifier: MIT
/* Map definitions of before BTF: the layouts of libbpf, of the kernel's samples and of iproute2, and types by annotation. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"

struct pair {
	__u32 a;
	__u32 b;
};

struct bpf_map_def annotated SEC("maps") = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(struct pair),
	.max_entries = 3,
	.map_flags = BPF_F_NO_PREALLOC,
};

struct ____btf_map_annotated {
	__u32 key;
	struct pair value;
} ____btf_map_annotated __attribute__((used));

/* v5.4 samples/bpf */
struct samples_def {
	__u32 type, key_size, value_size, max_entries, map_flags;
	__u32 inner_map_idx, numa_node;
};

struct samples_def outer SEC("maps") = {
	.type = BPF_MAP_TYPE_HASH_OF_MAPS,
	.key_size = 4,
	.value_size = 4,
	.max_entries = 2,
	.inner_map_idx = 0,
};

/* Four words, as the first loaders had them. */
struct short_def {
	__u32 type, key_size, value_size, max_entries;
};

struct short_def brief SEC("maps/brief") = { BPF_MAP_TYPE_ARRAY, 4, 8, 2 };

/* iproute2 */
struct elf_def {
	__u32 type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx;
};

struct elf_def shared SEC("maps/shared") = {
	.type = BPF_MAP_TYPE_ARRAY, .size_key = 4, .size_value = 4, .max_elem = 1, .id = 3, .pinning = 2,
};

SEC("classifier/ingress")
int look(struct __sk_buff *skb)
{
	__u32 zero = 0;
	__u64 *value = bpf_map_lookup_elem(&brief, &zero);

	return value ? *value + (bpf_map_lookup_elem(&shared, &zero) != 0) : 0;
}

SEC("from-netdev")
int unknown_section(struct __sk_buff *skb)
{
	__u32 key = 1;

	return bpf_map_lookup_elem(&annotated, &key) ? 1 : bpf_map_lookup_elem(&outer, &key) != 0;
}
