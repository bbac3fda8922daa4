// SPDX-License-Identifier: MIT
/*
 * Moves the write policy's state from the old layout to the new one: an iterator copies what is there, two tracers repeat on the new map
 * what happens to the old one meanwhile. Both maps are reused from the loaded policies; what is declared here only names and types them.
 */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"
#include "include/allow_writes.h"

/* Larger than the maps that take their place: the entries of those count. */
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

SEC("map_trace/old_map/UPDATE_ELEM")
int copy_on_update(struct bpf_map_trace_ctx__update_elem *ctx)
{
	struct allow_key__old old_key;
	struct allow_key__new new_key;
	struct allow_value value;

	if (ctx->ret)
		return 0;
	if (bpf_probe_read_kernel(&old_key, sizeof(old_key), ctx->key))
		return 1;
	if (bpf_probe_read_kernel(&value, sizeof(value), ctx->value))
		return 1;
	new_key = convert(&old_key);
	return bpf_map_update_elem(&new_map, &new_key, &value, BPF_ANY);
}

SEC("map_trace/old_map/DELETE_ELEM")
int copy_on_delete(struct bpf_map_trace_ctx__delete_elem *ctx)
{
	struct allow_key__old old_key;
	struct allow_key__new new_key;

	if (bpf_probe_read_kernel(&old_key, sizeof(old_key), ctx->key))
		return 1;
	new_key = convert(&old_key);
	/* Closing a file that has no entry is nothing out of the ordinary. */
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

	/* The iterator's last call has neither. */
	if (!old_key || !old_value)
		return 0;
	new_key = convert(old_key);
	value = *old_value;
	bpf_map_update_elem(&new_map, &new_key, &value, BPF_NOEXIST);
	return 0;
}

LICENSE("GPL");
