// SPDX-License-Identifier: MIT
/* Maps of a program's later version; compat_old.c has them as the first one declares them. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"

enum state {
	STATE_IDLE = 0,
	STATE_BUSY = 1,
	STATE_DYING = 2,
	STATE_GONE = 3,
};

struct bpf_spin_lock {
	__u32 val;
};

struct pair {
	__u32 packets;
	__u32 bytes;
};

struct wide_pair {
	__u32 packets;
	__u64 bytes;
};

struct flow_key {
	__u32 saddr;
	__u32 daddr;
	__u16 sport;
	__u16 dport;
};

struct flow_key_v2 {
	__u32 daddr;
	__u32 saddr;
	__u16 sport;
	__u16 dport;
	__u8 proto;
};

struct flow {
	struct pair in;
	struct wide_pair out;
	enum state state;
	__u32 flags : 6;
	__u32 mark : 8;
	char comm[8];
	__u32 error;
	struct {
		__u8 ttl;
		__u8 dscp;
	};
	struct bpf_spin_lock lock;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct flow_key_v2);
	__type(value, struct flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, struct flow_key);
	__type(value, struct pair);
} totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

struct pid_key {
	__u32 pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct pid_key);
	__type(value, __u32);
} by_pid SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__uint(key_size, 8);
	__uint(value_size, 16);
} opaque SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 128);
	__type(value, __u32);
} jobs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} only_new SEC(".maps");

const volatile __u32 limit = 5;
const volatile __u32 burst = 7;
__u64 seen;
__u64 dropped;

LICENSE("GPL");
