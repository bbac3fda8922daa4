/* SPDX-License-Identifier: MIT */
#ifndef BPF_TS_COLLATZ_H
#define BPF_TS_COLLATZ_H

/* One Collatz step, so that a tracer's output can't be mistaken for its input. In a subprogram of its own on purpose. */
static __noinline __u32 collatz(__u32 x)
{
	if (x & 1)
		return 3 * x + 1;
	return x >> 1;
}

#endif
