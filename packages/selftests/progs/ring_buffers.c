// SPDX-License-Identifier: MIT
/* A ring buffer that programs fill in all ways there are, and one that user space fills and a program drains. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"

struct bpf_dynptr {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

enum kind { KIND_NONE, KIND_PACKET, KIND_ORDER };

struct event {
	__u64 sequence;
	__u32 length;
	enum kind kind;
};

/* A record whose end is as long as it is. */
struct line {
	__u32 sequence;
	char text[];
};

struct order {
	__u32 id;
	__s32 amount;
};

/* Types that no map mentions are kept in BTF by a variable. */
struct event last_event;
struct line *line_type;
struct order last_order;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} orders SEC(".maps");

/* Wakeup flags of all commits. */
__u64 flags;
__u64 sequence;
/* Every so many-th event is discarded; none if it is 0. */
__u32 discard_every;
__u64 no_room;

/* Reserves an event, fills it, submits or discards it. */
SEC("socket")
int emit(struct __sk_buff *skb)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		no_room++;
		return 1;
	}
	sequence++;
	event->sequence = sequence;
	event->length = skb->len;
	event->kind = KIND_PACKET;
	if (discard_every && sequence % discard_every == 0)
		bpf_ringbuf_discard(event, flags);
	else
		bpf_ringbuf_submit(event, flags);
	return 0;
}

/* Copies an event from the stack. */
SEC("socket")
int output(struct __sk_buff *skb)
{
	struct event event = { .sequence = ++sequence, .length = skb->len, .kind = KIND_PACKET };

	return bpf_ringbuf_output(&events, &event, sizeof(event), flags);
}

/* A line that is as long as the packet, without its last byte: the size is not known when the program is verified. */
SEC("socket")
int emit_line(struct __sk_buff *skb)
{
	static const char text[16] = "0123456789abcdef";
	struct bpf_dynptr record;
	__u32 length = skb->len & 15;
	__u32 number = (__u32)++sequence;
	long error;

	error = bpf_ringbuf_reserve_dynptr(&events, sizeof(struct line) + length, 0, &record);
	if (error)
		goto discard;
	error = bpf_dynptr_write(&record, 0, &number, sizeof(number), 0);
	if (!error)
		error = bpf_dynptr_write(&record, sizeof(struct line), (void *)text, length, 0);
	if (error)
		goto discard;
	bpf_ringbuf_submit_dynptr(&record, flags);
	return 0;
discard:
	bpf_ringbuf_discard_dynptr(&record, flags);
	return error;
}

/* What the program can ask about the ring: available bytes, size, both positions. */
__u64 state[4];

SEC("socket")
int query(struct __sk_buff *skb)
{
	state[0] = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	state[1] = bpf_ringbuf_query(&events, BPF_RB_RING_SIZE);
	state[2] = bpf_ringbuf_query(&events, BPF_RB_CONS_POS);
	state[3] = bpf_ringbuf_query(&events, BPF_RB_PROD_POS);
	return 0;
}

__s64 total;
__u64 odd_sizes;

/* Adds up the orders; one whose id is 0 ends the drain. */
static long take_order(struct bpf_dynptr *sample, void *ctx)
{
	struct order order;

	if (bpf_dynptr_read(&order, sizeof(order), sample, 0, 0)) {
		odd_sizes++;
		return 0;
	}
	last_order = order;
	total += order.amount;
	*(__u32 *)ctx += 1;
	return order.id == 0;
}

/* Samples that the last drain took; what the callback counted. */
__s64 drained;
__u32 counted;

SEC("socket")
int drain(struct __sk_buff *skb)
{
	__u32 count = 0;

	drained = bpf_user_ringbuf_drain(&orders, take_order, &count, flags);
	counted = count;
	return 0;
}

/* Tells user space of each order: out of the one ring, into the other. */
static long answer(struct bpf_dynptr *sample, void *ctx)
{
	struct order *order = bpf_dynptr_data(sample, 0, sizeof(*order));
	struct event *event;

	if (!order)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return 1;
	event->sequence = order->id;
	event->length = order->amount;
	event->kind = KIND_ORDER;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("xdp")
int forward(struct xdp_md *ctx)
{
	drained = bpf_user_ringbuf_drain(&orders, answer, (void *)0, 0);
	return XDP_PASS;
}

LICENSE("GPL");
