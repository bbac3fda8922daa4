/* SPDX-License-Identifier: MIT */
/* Generated from the in-process kernel's BTF by `pnpm progs`. Do not edit. */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

typedef signed char __s8;

typedef __s8 s8;

typedef unsigned char __u8;

typedef __u8 u8;

typedef short __s16;

typedef __s16 s16;

typedef unsigned short __u16;

typedef __u16 u16;

typedef int __s32;

typedef __s32 s32;

typedef unsigned int __u32;

typedef __u32 u32;

typedef long long __s64;

typedef __s64 s64;

typedef unsigned long long __u64;

typedef __u64 u64;

typedef __u16 __be16;

typedef __u32 __be32;

typedef __u32 __wsum;

typedef unsigned long size_t;

typedef int pid_t;

typedef _Bool bool;

enum {
	false = 0,
	true = 1,
};

enum bpf_map_type {
	BPF_MAP_TYPE_UNSPEC = 0,
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERF_EVENT_ARRAY = 4,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_STACK_TRACE = 7,
	BPF_MAP_TYPE_CGROUP_ARRAY = 8,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_LRU_PERCPU_HASH = 10,
	BPF_MAP_TYPE_LPM_TRIE = 11,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_HASH_OF_MAPS = 13,
	BPF_MAP_TYPE_DEVMAP = 14,
	BPF_MAP_TYPE_SOCKMAP = 15,
	BPF_MAP_TYPE_CPUMAP = 16,
	BPF_MAP_TYPE_XSKMAP = 17,
	BPF_MAP_TYPE_SOCKHASH = 18,
	BPF_MAP_TYPE_CGROUP_STORAGE = 19,
	BPF_MAP_TYPE_CGROUP_STORAGE_DEPRECATED = 19,
	BPF_MAP_TYPE_REUSEPORT_SOCKARRAY = 20,
	BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE = 21,
	BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE_DEPRECATED = 21,
	BPF_MAP_TYPE_QUEUE = 22,
	BPF_MAP_TYPE_STACK = 23,
	BPF_MAP_TYPE_SK_STORAGE = 24,
	BPF_MAP_TYPE_DEVMAP_HASH = 25,
	BPF_MAP_TYPE_STRUCT_OPS = 26,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_INODE_STORAGE = 28,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
	BPF_MAP_TYPE_BLOOM_FILTER = 30,
	BPF_MAP_TYPE_USER_RINGBUF = 31,
	BPF_MAP_TYPE_CGRP_STORAGE = 32,
	BPF_MAP_TYPE_ARENA = 33,
	MAX_BPF_MAP_TYPE = 34,
};

enum bpf_prog_type {
	BPF_PROG_TYPE_UNSPEC = 0,
	BPF_PROG_TYPE_SOCKET_FILTER = 1,
	BPF_PROG_TYPE_KPROBE = 2,
	BPF_PROG_TYPE_SCHED_CLS = 3,
	BPF_PROG_TYPE_SCHED_ACT = 4,
	BPF_PROG_TYPE_TRACEPOINT = 5,
	BPF_PROG_TYPE_XDP = 6,
	BPF_PROG_TYPE_PERF_EVENT = 7,
	BPF_PROG_TYPE_CGROUP_SKB = 8,
	BPF_PROG_TYPE_CGROUP_SOCK = 9,
	BPF_PROG_TYPE_LWT_IN = 10,
	BPF_PROG_TYPE_LWT_OUT = 11,
	BPF_PROG_TYPE_LWT_XMIT = 12,
	BPF_PROG_TYPE_SOCK_OPS = 13,
	BPF_PROG_TYPE_SK_SKB = 14,
	BPF_PROG_TYPE_CGROUP_DEVICE = 15,
	BPF_PROG_TYPE_SK_MSG = 16,
	BPF_PROG_TYPE_RAW_TRACEPOINT = 17,
	BPF_PROG_TYPE_CGROUP_SOCK_ADDR = 18,
	BPF_PROG_TYPE_LWT_SEG6LOCAL = 19,
	BPF_PROG_TYPE_LIRC_MODE2 = 20,
	BPF_PROG_TYPE_SK_REUSEPORT = 21,
	BPF_PROG_TYPE_FLOW_DISSECTOR = 22,
	BPF_PROG_TYPE_CGROUP_SYSCTL = 23,
	BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE = 24,
	BPF_PROG_TYPE_CGROUP_SOCKOPT = 25,
	BPF_PROG_TYPE_TRACING = 26,
	BPF_PROG_TYPE_STRUCT_OPS = 27,
	BPF_PROG_TYPE_EXT = 28,
	BPF_PROG_TYPE_LSM = 29,
	BPF_PROG_TYPE_SK_LOOKUP = 30,
	BPF_PROG_TYPE_SYSCALL = 31,
	BPF_PROG_TYPE_NETFILTER = 32,
	MAX_BPF_PROG_TYPE = 33,
};

enum bpf_attach_type {
	BPF_CGROUP_INET_INGRESS = 0,
	BPF_CGROUP_INET_EGRESS = 1,
	BPF_CGROUP_INET_SOCK_CREATE = 2,
	BPF_CGROUP_SOCK_OPS = 3,
	BPF_SK_SKB_STREAM_PARSER = 4,
	BPF_SK_SKB_STREAM_VERDICT = 5,
	BPF_CGROUP_DEVICE = 6,
	BPF_SK_MSG_VERDICT = 7,
	BPF_CGROUP_INET4_BIND = 8,
	BPF_CGROUP_INET6_BIND = 9,
	BPF_CGROUP_INET4_CONNECT = 10,
	BPF_CGROUP_INET6_CONNECT = 11,
	BPF_CGROUP_INET4_POST_BIND = 12,
	BPF_CGROUP_INET6_POST_BIND = 13,
	BPF_CGROUP_UDP4_SENDMSG = 14,
	BPF_CGROUP_UDP6_SENDMSG = 15,
	BPF_LIRC_MODE2 = 16,
	BPF_FLOW_DISSECTOR = 17,
	BPF_CGROUP_SYSCTL = 18,
	BPF_CGROUP_UDP4_RECVMSG = 19,
	BPF_CGROUP_UDP6_RECVMSG = 20,
	BPF_CGROUP_GETSOCKOPT = 21,
	BPF_CGROUP_SETSOCKOPT = 22,
	BPF_TRACE_RAW_TP = 23,
	BPF_TRACE_FENTRY = 24,
	BPF_TRACE_FEXIT = 25,
	BPF_MODIFY_RETURN = 26,
	BPF_LSM_MAC = 27,
	BPF_TRACE_ITER = 28,
	BPF_CGROUP_INET4_GETPEERNAME = 29,
	BPF_CGROUP_INET6_GETPEERNAME = 30,
	BPF_CGROUP_INET4_GETSOCKNAME = 31,
	BPF_CGROUP_INET6_GETSOCKNAME = 32,
	BPF_XDP_DEVMAP = 33,
	BPF_CGROUP_INET_SOCK_RELEASE = 34,
	BPF_XDP_CPUMAP = 35,
	BPF_SK_LOOKUP = 36,
	BPF_XDP = 37,
	BPF_SK_SKB_VERDICT = 38,
	BPF_SK_REUSEPORT_SELECT = 39,
	BPF_SK_REUSEPORT_SELECT_OR_MIGRATE = 40,
	BPF_PERF_EVENT = 41,
	BPF_TRACE_KPROBE_MULTI = 42,
	BPF_LSM_CGROUP = 43,
	BPF_STRUCT_OPS = 44,
	BPF_NETFILTER = 45,
	BPF_TCX_INGRESS = 46,
	BPF_TCX_EGRESS = 47,
	BPF_TRACE_UPROBE_MULTI = 48,
	BPF_CGROUP_UNIX_CONNECT = 49,
	BPF_CGROUP_UNIX_SENDMSG = 50,
	BPF_CGROUP_UNIX_RECVMSG = 51,
	BPF_CGROUP_UNIX_GETPEERNAME = 52,
	BPF_CGROUP_UNIX_GETSOCKNAME = 53,
	BPF_NETKIT_PRIMARY = 54,
	BPF_NETKIT_PEER = 55,
	BPF_TRACE_KPROBE_SESSION = 56,
	BPF_TRACE_UPROBE_SESSION = 57,
	MAX_BPF_ATTACH_TYPE = 58,
	BPF_TRACE_MAP = 1024,
};

enum bpf_link_type {
	BPF_LINK_TYPE_UNSPEC = 0,
	BPF_LINK_TYPE_RAW_TRACEPOINT = 1,
	BPF_LINK_TYPE_TRACING = 2,
	BPF_LINK_TYPE_CGROUP = 3,
	BPF_LINK_TYPE_ITER = 4,
	BPF_LINK_TYPE_NETNS = 5,
	BPF_LINK_TYPE_XDP = 6,
	BPF_LINK_TYPE_PERF_EVENT = 7,
	BPF_LINK_TYPE_KPROBE_MULTI = 8,
	BPF_LINK_TYPE_STRUCT_OPS = 9,
	BPF_LINK_TYPE_NETFILTER = 10,
	BPF_LINK_TYPE_TCX = 11,
	BPF_LINK_TYPE_UPROBE_MULTI = 12,
	BPF_LINK_TYPE_NETKIT = 13,
	BPF_LINK_TYPE_SOCKMAP = 14,
	MAX_BPF_LINK_TYPE = 15,
	BPF_LINK_TYPE_MAP_TRACE = 1024,
};

enum bpf_map_trace_type {
	BPF_MAP_TRACE_UPDATE_ELEM = 0,
	BPF_MAP_TRACE_DELETE_ELEM = 1,
	MAX_BPF_MAP_TRACE_TYPE = 2,
};

enum {
	BPF_ANY = 0,
	BPF_F_NO_PREALLOC = 1,
	BPF_NOEXIST = 1,
	BPF_EXIST = 2,
	BPF_F_NO_COMMON_LRU = 2,
	BPF_F_LOCK = 4,
	BPF_F_NUMA_NODE = 4,
	BPF_F_RDONLY = 8,
	BPF_F_WRONLY = 16,
	BPF_F_STACK_BUILD_ID = 32,
	BPF_F_ZERO_SEED = 64,
	BPF_F_RDONLY_PROG = 128,
	BPF_F_WRONLY_PROG = 256,
	BPF_F_CLONE = 512,
	BPF_F_MMAPABLE = 1024,
	BPF_F_PRESERVE_ELEMS = 2048,
	BPF_F_INNER_MAP = 4096,
	BPF_F_LINK = 8192,
	BPF_F_PATH_FD = 16384,
	BPF_F_VTYPE_BTF_OBJ_FD = 32768,
	BPF_F_TOKEN_FD = 65536,
	BPF_F_SEGV_ON_FAULT = 131072,
	BPF_F_NO_USER_CONV = 262144,
};

enum {
	BPF_F_CURRENT_NETNS = -1,
	BPF_ADJ_ROOM_NET = 0,
	BPF_CSUM_LEVEL_QUERY = 0,
	BPF_DYNPTR_TYPE_INVALID = 0,
	BPF_FIB_LKUP_RET_SUCCESS = 0,
	BPF_HDR_START_MAC = 0,
	BPF_LWT_ENCAP_SEG6 = 0,
	BPF_MTU_CHK_RET_SUCCESS = 0,
	BPF_RB_AVAIL_DATA = 0,
	BPF_SKB_CLOCK_REALTIME = 0,
	BPF_SKB_TSTAMP_UNSPEC = 0,
	BPF_SOCK_OPS_VOID = 0,
	BPF_ADJ_ROOM_MAC = 1,
	BPF_CSUM_LEVEL_INC = 1,
	BPF_DYNPTR_TYPE_LOCAL = 1,
	BPF_FIB_LKUP_RET_BLACKHOLE = 1,
	BPF_FIB_LOOKUP_DIRECT = 1,
	BPF_F_ADJ_ROOM_FIXED_GSO = 1,
	BPF_F_BPRM_SECUREEXEC = 1,
	BPF_F_GET_BRANCH_RECORDS_SIZE = 1,
	BPF_F_INGRESS = 1,
	BPF_F_PAD_ZEROS = 1,
	BPF_F_RECOMPUTE_CSUM = 1,
	BPF_F_SYSCTL_BASE_NAME = 1,
	BPF_F_TIMER_ABS = 1,
	BPF_F_TUNINFO_IPV6 = 1,
	BPF_HDR_START_NET = 1,
	BPF_LOAD_HDR_OPT_TCP_SYN = 1,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
	BPF_LWT_ENCAP_SEG6_INLINE = 1,
	BPF_MTU_CHK_RET_FRAG_NEEDED = 1,
	BPF_MTU_CHK_SEGS = 1,
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_RING_SIZE = 1,
	BPF_SKB_CLOCK_MONOTONIC = 1,
	BPF_SKB_TSTAMP_DELIVERY_MONO = 1,
	BPF_SK_LOOKUP_F_REPLACE = 1,
	BPF_SK_STORAGE_GET_F_CREATE = 1,
	BPF_SOCK_OPS_RTO_CB_FLAG = 1,
	BPF_SOCK_OPS_TIMEOUT_INIT = 1,
	BPF_WRITE_HDR_TCP_CURRENT_MSS = 1,
	BTF_F_COMPACT = 1,
	BPF_CSUM_LEVEL_DEC = 2,
	BPF_DYNPTR_TYPE_RINGBUF = 2,
	BPF_FIB_LKUP_RET_UNREACHABLE = 2,
	BPF_FIB_LOOKUP_OUTPUT = 2,
	BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 = 2,
	BPF_F_INVALIDATE_HASH = 2,
	BPF_F_TIMER_CPU_PIN = 2,
	BPF_F_ZERO_CSUM_TX = 2,
	BPF_LWT_ENCAP_IP = 2,
	BPF_MTU_CHK_RET_SEGS_TOOBIG = 2,
	BPF_RB_CONS_POS = 2,
	BPF_RB_FORCE_WAKEUP = 2,
	BPF_SKB_CLOCK_TAI = 2,
	BPF_SK_LOOKUP_F_NO_REUSEPORT = 2,
	BPF_SOCK_OPS_RETRANS_CB_FLAG = 2,
	BPF_SOCK_OPS_RWND_INIT = 2,
	BPF_WRITE_HDR_TCP_SYNACK_COOKIE = 2,
	BTF_F_NONAME = 2,
	BPF_CSUM_LEVEL_RESET = 3,
	BPF_DYNPTR_TYPE_SKB = 3,
	BPF_FIB_LKUP_RET_PROHIBIT = 3,
	BPF_RB_PROD_POS = 3,
	BPF_SOCK_OPS_TCP_CONNECT_CB = 3,
	BPF_DYNPTR_TYPE_XDP = 4,
	BPF_FIB_LKUP_RET_NOT_FWDED = 4,
	BPF_FIB_LOOKUP_SKIP_NEIGH = 4,
	BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 = 4,
	BPF_F_DONT_FRAGMENT = 4,
	BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB = 4,
	BPF_SOCK_OPS_STATE_CB_FLAG = 4,
	BTF_F_PTR_RAW = 4,
	BPF_DYNPTR_TYPE_SKB_META = 5,
	BPF_FIB_LKUP_RET_FWD_DISABLED = 5,
	BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB = 5,
	BPF_FIB_LKUP_RET_UNSUPP_LWT = 6,
	BPF_SOCK_OPS_NEEDS_ECN = 6,
	BPF_FIB_LKUP_RET_NO_NEIGH = 7,
	BPF_SOCK_OPS_BASE_RTT = 7,
	BPF_FIB_LKUP_RET_FRAG_NEEDED = 8,
	BPF_FIB_LOOKUP_TBID = 8,
	BPF_F_ADJ_ROOM_ENCAP_L4_GRE = 8,
	BPF_F_BROADCAST = 8,
	BPF_F_SEQ_NUMBER = 8,
	BPF_RINGBUF_HDR_SZ = 8,
	BPF_SOCK_OPS_RTO_CB = 8,
	BPF_SOCK_OPS_RTT_CB_FLAG = 8,
	BTF_F_ZERO = 8,
	BPF_FIB_LKUP_RET_NO_SRC_ADDR = 9,
	BPF_SOCK_OPS_RETRANS_CB = 9,
	BPF_SOCK_OPS_STATE_CB = 10,
	BPF_SOCK_OPS_TCP_LISTEN_CB = 11,
	BPF_SOCK_OPS_RTT_CB = 12,
	BPF_SOCK_OPS_PARSE_HDR_OPT_CB = 13,
	BPF_SOCK_OPS_HDR_OPT_LEN_CB = 14,
	BPF_F_HDR_FIELD_MASK = 15,
	BPF_SOCK_OPS_WRITE_HDR_OPT_CB = 15,
	BPF_FIB_LOOKUP_SRC = 16,
	BPF_F_ADJ_ROOM_ENCAP_L4_UDP = 16,
	BPF_F_EXCLUDE_INGRESS = 16,
	BPF_F_NO_TUNNEL_KEY = 16,
	BPF_F_PSEUDO_HDR = 16,
	BPF_F_TUNINFO_FLAGS = 16,
	BPF_SOCK_OPS_PARSE_ALL_HDR_OPT_CB_FLAG = 16,
	BPF_SOCK_OPS_TSTAMP_SCHED_CB = 16,
	BPF_SOCK_OPS_TSTAMP_SND_SW_CB = 17,
	BPF_SOCK_OPS_TSTAMP_SND_HW_CB = 18,
	BPF_SOCK_OPS_TSTAMP_ACK_CB = 19,
	BPF_SOCK_OPS_TSTAMP_SENDMSG_CB = 20,
	BPF_FIB_LOOKUP_MARK = 32,
	BPF_F_ADJ_ROOM_NO_CSUM_RESET = 32,
	BPF_F_MARK_MANGLED_0 = 32,
	BPF_SOCK_OPS_PARSE_UNKNOWN_HDR_OPT_CB_FLAG = 32,
	BPF_ADJ_ROOM_ENCAP_L2_SHIFT = 56,
	BPF_F_ADJ_ROOM_ENCAP_L2_ETH = 64,
	BPF_F_MARK_ENFORCE = 64,
	BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG = 64,
	BPF_SOCK_OPS_ALL_CB_FLAGS = 127,
	BPF_F_ADJ_ROOM_DECAP_L3_IPV4 = 128,
	BPF_F_IPV6 = 128,
	BPF_ADJ_ROOM_ENCAP_L2_MASK = 255,
	BPF_F_SKIP_FIELD_MASK = 255,
	BPF_F_ADJ_ROOM_DECAP_L3_IPV6 = 256,
	BPF_F_USER_STACK = 256,
	BPF_F_FAST_STACK_CMP = 512,
	TCP_BPF_IW = 1001,
	TCP_BPF_SNDCWND_CLAMP = 1002,
	TCP_BPF_DELACK_MAX = 1003,
	TCP_BPF_RTO_MIN = 1004,
	TCP_BPF_SYN = 1005,
	TCP_BPF_SYN_IP = 1006,
	TCP_BPF_SYN_MAC = 1007,
	TCP_BPF_SOCK_OPS_CB_FLAGS = 1008,
	SK_BPF_CB_FLAGS = 1009,
	BPF_F_REUSE_STACKID = 1024,
	BPF_F_USER_BUILD_ID = 2048,
	BPF_MAX_TIMED_LOOPS = 65535,
	BPF_MAX_LOOPS = 8388608,
	BPF_RINGBUF_DISCARD_BIT = 1073741824,
};

enum {
	BPF_RINGBUF_BUSY_BIT = 2147483648ULL,
	BPF_F_CURRENT_CPU = 4294967295ULL,
	BPF_F_INDEX_MASK = 4294967295ULL,
	BPF_F_CTXLEN_MASK = 4503595332403200ULL,
};

enum xdp_action {
	XDP_ABORTED = 0,
	XDP_DROP = 1,
	XDP_PASS = 2,
	XDP_TX = 3,
	XDP_REDIRECT = 4,
};

enum {
	TCX_NEXT = -1,
	BPF_OK = 0,
	SK_DROP = 0,
	TCX_PASS = 0,
	SK_PASS = 1,
	BPF_DROP = 2,
	TCX_DROP = 2,
	BPF_REDIRECT = 7,
	TCX_REDIRECT = 7,
	BPF_LWT_REROUTE = 128,
	BPF_FLOW_DISSECTOR_CONTINUE = 129,
};

struct xdp_md {
	u32 data;
	u32 data_end;
	u32 data_meta;
	u32 ingress_ifindex;
	u32 rx_queue_index;
	u32 egress_ifindex;
};

struct bpf_flow_keys;

struct bpf_sock {
	u32 bound_dev_if;
	u32 family;
	u32 type;
	u32 protocol;
	u32 mark;
	u32 priority;
	u32 src_ip4;
	u32 src_ip6[4];
	u32 src_port;
	u16 dst_port;
	u32 dst_ip4;
	u32 dst_ip6[4];
	u32 state;
	s32 rx_queue_mapping;
};

struct __sk_buff {
	u32 len;
	u32 pkt_type;
	u32 mark;
	u32 queue_mapping;
	u32 protocol;
	u32 vlan_present;
	u32 vlan_tci;
	u32 vlan_proto;
	u32 priority;
	u32 ingress_ifindex;
	u32 ifindex;
	u32 tc_index;
	u32 cb[5];
	u32 hash;
	u32 tc_classid;
	u32 data;
	u32 data_end;
	u32 napi_id;
	u32 family;
	u32 remote_ip4;
	u32 local_ip4;
	u32 remote_ip6[4];
	u32 local_ip6[4];
	u32 remote_port;
	u32 local_port;
	u32 data_meta;
	union {
		struct bpf_flow_keys *flow_keys;
	};
	u64 tstamp;
	u32 wire_len;
	u32 gso_segs;
	union {
		struct bpf_sock *sk;
	};
	u32 gso_size;
	u8 tstamp_type;
	u64 hwtstamp;
};

struct pt_regs {
	unsigned long r15;
	unsigned long r14;
	unsigned long r13;
	unsigned long r12;
	unsigned long bp;
	unsigned long bx;
	unsigned long r11;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long ax;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
	unsigned long ip;
	unsigned long cs;
	unsigned long flags;
	unsigned long sp;
	unsigned long ss;
};

struct bpf_map {
	u32 map_type;
	u32 key_size;
	u32 value_size;
	u32 max_entries;
	u32 map_flags;
	u32 id;
	int numa_node;
	u32 tracers;
	u64 map_extra;
	char name[16];
};

struct task_struct {
	int pid;
	int tgid;
	char comm[16];
};

struct seq_file {
	char *buf;
	unsigned long size;
	unsigned long from;
	unsigned long count;
};

struct bpf_iter_meta {
	union {
		struct seq_file *seq;
	};
	u64 session_id;
	u64 seq_num;
};

struct bpf_iter__bpf_map_elem {
	union {
		struct bpf_iter_meta *meta;
	};
	union {
		struct bpf_map *map;
	};
	union {
		void *key;
	};
	union {
		void *value;
	};
};

struct bpf_raw_tracepoint_args {
	u64 args[0];
};

struct bpf_map_trace_link_info {
	__u32 map_fd;
	enum bpf_map_trace_type trace_type;
	__u32 flags;
};

struct bpf_map_trace_ctx__update_elem {
	union {
		void *key;
	};
	union {
		void *value;
	};
	u64 flags;
	long ret;
};

struct bpf_map_trace_ctx__delete_elem {
	union {
		void *key;
	};
	long ret;
};

typedef struct {
	int counter;
} atomic_t;

struct refcount_struct {
	atomic_t refs;
};

typedef struct refcount_struct refcount_t;

enum bpf_struct_ops_state {
	BPF_STRUCT_OPS_STATE_INIT = 0,
	BPF_STRUCT_OPS_STATE_INUSE = 1,
	BPF_STRUCT_OPS_STATE_TOBEFREE = 2,
	BPF_STRUCT_OPS_STATE_READY = 3,
};

struct bpf_struct_ops_common_value {
	refcount_t refcnt;
	enum bpf_struct_ops_state state;
};

struct bpf_dummy_ops_state;

struct bpf_dummy_ops {
	int (*test_1)(struct bpf_dummy_ops_state *);
	int (*test_2)(struct bpf_dummy_ops_state *, int, u16, char, unsigned long);
	int (*test_sleepable)(struct bpf_dummy_ops_state *);
};

struct bpf_struct_ops_bpf_dummy_ops {
	struct bpf_struct_ops_common_value common;
	long: 64;
	long: 64;
	long: 64;
	long: 64;
	long: 64;
	long: 64;
	long: 64;
	struct bpf_dummy_ops data;
	long: 64;
	long: 64;
	long: 64;
	long: 64;
	long: 64;
};

struct sock;

enum tcp_ca_event {
	CA_EVENT_TX_START = 0,
	CA_EVENT_CWND_RESTART = 1,
	CA_EVENT_COMPLETE_CWR = 2,
	CA_EVENT_LOSS = 3,
	CA_EVENT_ECN_NO_CE = 4,
	CA_EVENT_ECN_IS_CE = 5,
};

struct list_head {
	struct list_head *next;
	struct list_head *prev;
};

struct ack_sample;

struct rate_sample;

union tcp_cc_info;

struct module;

struct tcp_congestion_ops {
	u32 (*ssthresh)(struct sock *);
	void (*cong_avoid)(struct sock *, u32, u32);
	void (*set_state)(struct sock *, u8);
	void (*cwnd_event)(struct sock *, enum tcp_ca_event);
	void (*in_ack_event)(struct sock *, u32);
	void (*pkts_acked)(struct sock *, const struct ack_sample *);
	u32 (*min_tso_segs)(struct sock *);
	void (*cong_control)(struct sock *, u32, int, const struct rate_sample *);
	u32 (*undo_cwnd)(struct sock *);
	u32 (*sndbuf_expand)(struct sock *);
	unsigned long (*get_info)(struct sock *, u32, int *, union tcp_cc_info *);
	char name[16];
	struct module *owner;
	struct list_head list;
	u32 key;
	u32 flags;
	void (*init)(struct sock *);
	void (*release)(struct sock *);
	long: 64;
	long: 64;
	long: 64;
	long: 64;
	long: 64;
};

struct bpf_struct_ops_tcp_congestion_ops {
	struct bpf_struct_ops_common_value common;
	long: 64;
	long: 64;
	long: 64;
	long: 64;
	long: 64;
	long: 64;
	long: 64;
	struct tcp_congestion_ops data;
};

#endif /* __VMLINUX_H__ */
