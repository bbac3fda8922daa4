// SPDX-License-Identifier: MIT
/* Functions: static, global and hidden ones, shared by programs, called in an order that is not that of the file, and one whose address is taken. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"

static __noinline int third(int x)
{
	return x + 3;
}

static __noinline int second(int x)
{
	return third(x) * 2;
}

__noinline int first(int x)
{
	return second(x) + third(x);
}

__hidden __noinline int concealed(int x)
{
	return third(x) - 1;
}

struct counter {
	__u64 steps;
};

static int step(__u64 index, struct counter *counter)
{
	counter->steps += index;
	return 0;
}

SEC("xdp")
int uses_all(struct xdp_md *ctx)
{
	return concealed(ctx->ingress_ifindex) + first(ctx->rx_queue_index);
}

SEC("xdp")
int uses_one(struct xdp_md *ctx)
{
	return first(5);
}

SEC("?xdp")
int uses_address(struct xdp_md *ctx)
{
	struct counter counter = {};

	bpf_loop(5, step, &counter, 0);
	return counter.steps;
}

LICENSE("GPL");
