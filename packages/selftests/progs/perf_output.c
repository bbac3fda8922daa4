// SPDX-License-Identifier: MIT
/* What programs did before there were ring buffers: samples to a perf event of the CPU that they run on. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"

struct sample {
	__u64 sequence;
	__u32 length;
	__u32 cpu;
	char packet[];
};

/* Keeps the type in BTF. */
struct sample *sample_type;

/* No size: one element for each CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} samples SEC(".maps");

__u64 sequence;
/* What the last output answered. */
__s64 result;

SEC("socket")
int emit(struct __sk_buff *skb)
{
	struct sample sample = {
		.sequence = ++sequence,
		.length = skb->len,
		.cpu = bpf_get_smp_processor_id(),
	};

	result = bpf_perf_event_output(skb, &samples, BPF_F_CURRENT_CPU, &sample, sizeof(sample));
	return 0;
}

/* With the packet's first 16 bytes behind the sample. */
SEC("xdp")
int capture(struct xdp_md *ctx)
{
	struct sample sample = {
		.sequence = ++sequence,
		.length = ctx->data_end - ctx->data,
		.cpu = bpf_get_smp_processor_id(),
	};

	result = bpf_perf_event_output(ctx, &samples, BPF_F_CURRENT_CPU | 16ULL << 32, &sample, sizeof(sample));
	return XDP_PASS;
}

LICENSE("GPL");
