// SPDX-License-Identifier: MIT
/*
 * The v4 form over the six kinds of map that can be traced. An application program writes to, or deletes from, each of them; the tracers
 * answer by an entry of their own in the same map. Only the recursion guard keeps that from going on for ever.
 */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"
#include "include/access_loc.h"

#define TRACED_MAP(name, map_type)                      \
	struct {                                        \
		__uint(type, map_type);                 \
		__uint(max_entries, ACCESS_LOC_MAX);    \
		__type(key, __u32);                     \
		__type(value, __u64);                   \
	} name SEC(".maps")

TRACED_MAP(array_map, BPF_MAP_TYPE_ARRAY);
TRACED_MAP(percpu_array_map, BPF_MAP_TYPE_PERCPU_ARRAY);
TRACED_MAP(hash_map, BPF_MAP_TYPE_HASH);
TRACED_MAP(percpu_hash_map, BPF_MAP_TYPE_PERCPU_HASH);
TRACED_MAP(lru_hash_map, BPF_MAP_TYPE_LRU_HASH);
TRACED_MAP(percpu_lru_hash_map, BPF_MAP_TYPE_LRU_PERCPU_HASH);

static __always_inline void mark(void *map, __u32 who)
{
	__u64 one = 1;

	bpf_map_update_elem(map, &who, &one, BPF_ANY);
}

/* Written out map by map: each comparison is of a pointer from BTF with a constant map pointer. */
#define MARK_IF_SAME(traced, candidate, who)      \
	do {                                      \
		if ((traced) == (void *)&(candidate)) \
			mark(&(candidate), who);  \
	} while (0)

static __always_inline void mark_traced(struct bpf_map *map, __u32 who)
{
	MARK_IF_SAME(map, array_map, who);
	MARK_IF_SAME(map, percpu_array_map, who);
	MARK_IF_SAME(map, hash_map, who);
	MARK_IF_SAME(map, percpu_hash_map, who);
	MARK_IF_SAME(map, lru_hash_map, who);
	MARK_IF_SAME(map, percpu_lru_hash_map, who);
}

SEC("fentry/bpf_map_trace_update_elem")
int on_update(unsigned long long *ctx)
{
	mark_traced(TRACE_ARG(ctx, 0, struct bpf_map *), ACCESS_LOC_TRACE_UPDATE);
	return 0;
}

SEC("fentry/bpf_map_trace_delete_elem")
int on_delete(unsigned long long *ctx)
{
	mark_traced(TRACE_ARG(ctx, 0, struct bpf_map *), ACCESS_LOC_TRACE_DELETE);
	return 0;
}

SEC("kprobe/__x64_sys_write")
int app_update(struct pt_regs *regs)
{
	mark(&array_map, ACCESS_LOC_APP);
	mark(&percpu_array_map, ACCESS_LOC_APP);
	mark(&hash_map, ACCESS_LOC_APP);
	mark(&percpu_hash_map, ACCESS_LOC_APP);
	mark(&lru_hash_map, ACCESS_LOC_APP);
	mark(&percpu_lru_hash_map, ACCESS_LOC_APP);
	return 0;
}

SEC("kprobe/__x64_sys_close")
int app_delete(struct pt_regs *regs)
{
	__u32 key = ACCESS_LOC_APP;

	bpf_map_delete_elem(&array_map, &key);
	bpf_map_delete_elem(&percpu_array_map, &key);
	bpf_map_delete_elem(&hash_map, &key);
	bpf_map_delete_elem(&percpu_hash_map, &key);
	bpf_map_delete_elem(&lru_hash_map, &key);
	bpf_map_delete_elem(&percpu_lru_hash_map, &key);
	return 0;
}

LICENSE("GPL");
