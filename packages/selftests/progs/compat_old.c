// SPDX-License-Identifier: MIT
/* Maps of a program's first version; compat_new.c has them as a later version declares them. No program: only definitions are compared. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"

enum state {
	STATE_IDLE = 0,
	STATE_BUSY = 1,
	STATE_GONE = 2,
};

struct pair {
	__u32 packets;
	__u32 bytes;
};

struct flow_key {
	__u32 saddr;
	__u32 daddr;
	__u16 sport;
	__u16 dport;
};

struct flow {
	struct pair in;
	struct pair out;
	enum state state;
	__u32 flags : 4;
	__u32 mark : 8;
	char comm[16];
	__s32 error;
	struct {
		__u8 ttl;
		__u8 tos;
	};
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows SEC(".maps");

/* The same in both. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, struct flow_key);
	__type(value, struct pair);
} totals SEC(".maps");

/* Shrinks, changes type and flags. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

/* Its key becomes a struct. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} by_pid SEC(".maps");

/* Without types. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__uint(key_size, 8);
	__uint(value_size, 12);
} opaque SEC(".maps");

/* Cannot be traced. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 64);
	__type(value, __u32);
} jobs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} only_old SEC(".maps");

const volatile __u32 limit = 3;
__u64 seen;
__u32 dropped;

LICENSE("GPL");
