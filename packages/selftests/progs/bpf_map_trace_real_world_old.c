// SPDX-License-Identifier: MIT
/* The write policy with its old layout, legacy maps. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"
#include "include/allow_writes.h"

#define ALLOW_KEY struct allow_key__old

struct bpf_map_def allow_writes SEC("maps") = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(ALLOW_KEY),
	.value_size = sizeof(struct allow_value),
	.max_entries = MAX_OPEN_FILES,
};

struct bpf_map_def filtered_pids SEC("maps") = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u32),
	.max_entries = 64,
};

#include "include/write_policy.h"

LICENSE("GPL");
