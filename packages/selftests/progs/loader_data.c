// SPDX-License-Identifier: MIT
/* Global data: initialised, zero, constant, in sections of its own, static and global. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"

struct point {
	int x;
	int y;
};

enum color { RED, GREEN = 5 };

__u64 runs;
static __u32 hidden_runs;
int start = 7;
struct point corner = { 1, -2 };
enum color color = GREEN;
static int step_size = 3;
const volatile _Bool verbose;
const volatile int limit = 100;
const char greeting[8] = "hello";

__u32 custom SEC(".data.custom") = 0x11223344;
static volatile const __u16 magic SEC(".rodata.magic") = 0xbeef;
static __u32 pool[4] SEC(".bss.pool");
/* Nothing outside of the object may see it: its section is not mapped into user space. */
__hidden int secret SEC(".data.secret") = 42;

SEC("socket")
int count(struct __sk_buff *skb)
{
	runs++;
	hidden_runs += 2;
	start += step_size;
	pool[skb->len & 3]++;
	custom++;
	secret++;
	if (verbose)
		corner.x += magic;
	return start > limit ? limit : start;
}

SEC("socket")
int read(struct __sk_buff *skb)
{
	return greeting[skb->len & 7] + color + hidden_runs + step_size;
}

SEC("socket")
int set_step(struct __sk_buff *skb)
{
	step_size = skb->len;
	return corner.y;
}

LICENSE("GPL");
