// SPDX-License-Identifier: MIT
/* The write policy with its old layout. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"
#include "include/allow_writes.h"

#define ALLOW_KEY struct allow_key__old

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_OPEN_FILES);
	__type(key, ALLOW_KEY);
	__type(value, struct allow_value);
} allow_writes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} filtered_pids SEC(".maps");

#include "include/write_policy.h"

LICENSE("GPL");
