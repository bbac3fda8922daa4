// SPDX-License-Identifier: MIT
/*
 * The migration by the v4 form: fentry programs on the functions that every successful map operation calls. They see the operations of every map
 * and tell the one that matters by its pointer.
 */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"
#include "include/allow_writes.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 100);
	__type(key, struct allow_key__old);
	__type(value, struct allow_value);
} old_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 100);
	__type(key, struct allow_key__new);
	__type(value, struct allow_value);
} new_map SEC(".maps");

static __always_inline struct allow_key__new convert(const struct allow_key__old *key)
{
	return (struct allow_key__new){ .fd = key->fd, .pid = key->pid };
}

SEC("fentry/bpf_map_trace_update_elem")
int copy_on_update(unsigned long long *ctx)
{
	struct bpf_map *map = TRACE_ARG(ctx, 0, struct bpf_map *);
	struct allow_key__old old_key;
	struct allow_key__new new_key;
	struct allow_value value;

	if (map != (void *)&old_map)
		return 0;
	if (bpf_probe_read_kernel(&old_key, sizeof(old_key), TRACE_ARG(ctx, 1, void *)))
		return 0;
	if (bpf_probe_read_kernel(&value, sizeof(value), TRACE_ARG(ctx, 2, void *)))
		return 0;
	new_key = convert(&old_key);
	bpf_map_update_elem(&new_map, &new_key, &value, BPF_ANY);
	return 0;
}

SEC("fentry/bpf_map_trace_delete_elem")
int copy_on_delete(unsigned long long *ctx)
{
	struct bpf_map *map = TRACE_ARG(ctx, 0, struct bpf_map *);
	struct allow_key__old old_key;
	struct allow_key__new new_key;

	if (map != (void *)&old_map)
		return 0;
	if (bpf_probe_read_kernel(&old_key, sizeof(old_key), TRACE_ARG(ctx, 1, void *)))
		return 0;
	new_key = convert(&old_key);
	bpf_map_delete_elem(&new_map, &new_key);
	return 0;
}

SEC("iter/bpf_map_elem")
int bulk_copy(struct bpf_iter__bpf_map_elem *ctx)
{
	struct allow_key__old *old_key = ctx->key;
	struct allow_value *old_value = ctx->value;
	struct allow_key__new new_key;
	struct allow_value value;

	if (!old_key || !old_value)
		return 0;
	new_key = convert(old_key);
	value = *old_value;
	bpf_map_update_elem(&new_map, &new_key, &value, BPF_NOEXIST);
	return 0;
}

LICENSE("GPL");
