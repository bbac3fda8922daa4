import type { MicroCase } from "../case.ts";

/** Arguments of helpers: types, memory, sizes, maps. */
export const HELPER_ARG_CASES: readonly MicroCase[] = [
  {
    name: "key on the stack",
    code: `*(u32 *)(r10 -4) = 1
           r2 = r10
           r2 += -4
           r1 = map[fd:10]
           call bpf_map_lookup_elem#1
           r0 = 0
           exit`,
  },
  {
    name: "key not written, by who may see it",
    code: `r2 = r10
           r2 += -4
           r1 = map[fd:10]
           call bpf_map_lookup_elem#1
           r0 = 0
           exit`,
  },
  {
    name: "key half written, by who may see it",
    code: `*(u16 *)(r10 -4) = 1
           r2 = r10
           r2 += -4
           r1 = map[fd:10]
           call bpf_map_lookup_elem#1
           r0 = 0
           exit`,
  },
  {
    name: "key beyond the frame",
    code: `*(u64 *)(r10 -8) = 1
           r2 = r10
           r2 += -2
           r1 = map[fd:10]
           call bpf_map_lookup_elem#1
           r0 = 0
           exit`,
  },
  {
    name: "key below the stack",
    code: `r2 = r10
           r2 += -513
           r1 = map[fd:10]
           call bpf_map_lookup_elem#1
           r0 = 0
           exit`,
  },
  {
    name: "key is a number",
    code: `r2 = 0
           r1 = map[fd:10]
           call bpf_map_lookup_elem#1
           r0 = 0
           exit`,
  },
  {
    name: "key is the context",
    code: `r2 = r1
           r1 = map[fd:10]
           call bpf_map_lookup_elem#1
           r0 = 0
           exit`,
  },
  {
    name: "map is a number",
    code: `r2 = r10
           r1 = 0
           call bpf_map_lookup_elem#1
           r0 = 0
           exit`,
  },
  {
    name: "argument not set",
    code: `r1 = map[fd:10]
           call bpf_map_lookup_elem#1
           r0 = 0
           exit`,
  },
  {
    name: "result not checked for NULL",
    code: `*(u32 *)(r10 -4) = 1
           r2 = r10
           r2 += -4
           r1 = map[fd:10]
           call bpf_map_lookup_elem#1
           r0 = *(u64 *)(r0 +0)
           exit`,
  },
  {
    name: "array's element by a constant key is there",
    code: `*(u32 *)(r10 -8) = 1
           r2 = r10
           r2 += -8
           r1 = map[fd:11]
           call bpf_map_lookup_elem#1
           r0 = *(u64 *)(r0 +8)
           exit`,
  },
  {
    name: "array's element by a zeroed key is there",
    code: `*(u64 *)(r10 -8) = 0
           r2 = r10
           r2 += -8
           r1 = map[fd:11]
           call bpf_map_lookup_elem#1
           r0 = *(u64 *)(r0 +8)
           exit`,
  },
  {
    name: "array's element by a constant key beyond its end",
    code: `*(u32 *)(r10 -8) = 2
           r2 = r10
           r2 += -8
           r1 = map[fd:11]
           call bpf_map_lookup_elem#1
           r0 = *(u64 *)(r0 +8)
           exit`,
  },
  {
    name: "per-CPU array's element by a constant key is there",
    code: `*(u32 *)(r10 -8) = 1
           r2 = r10
           r2 += -8
           r1 = map[fd:23]
           call bpf_map_lookup_elem#1
           r0 = *(u64 *)(r0 +8)
           exit`,
  },
  {
    name: "half of a constant is no constant key",
    code: `*(u64 *)(r10 -8) = 1
           r2 = r10
           r2 += -8
           r1 = map[fd:11]
           call bpf_map_lookup_elem#1
           r0 = *(u64 *)(r0 +8)
           exit`,
  },
  {
    name: "value of a hash too far",
    code: `*(u32 *)(r10 -4) = 1
           r2 = r10
           r2 += -4
           r1 = map[fd:10]
           call bpf_map_lookup_elem#1
           if r0 == 0x0 goto out
           r0 = *(u64 *)(r0 +9)
           out: exit`,
  },
  {
    name: "value given is a key's size only",
    code: `*(u32 *)(r10 -4) = 1
           r2 = r10
           r2 += -4
           r3 = r2
           r4 = 0
           r1 = map[fd:10]
           call bpf_map_update_elem#2
           r0 = 0
           exit`,
  },
  {
    name: "value in a map's value",
    code: `*(u32 *)(r10 -4) = 1
           r2 = r10
           r2 += -4
           r1 = map[fd:10]
           call bpf_map_lookup_elem#1
           if r0 == 0x0 goto out
           r3 = r0
           r2 = r10
           r2 += -4
           r4 = 0
           r1 = map[fd:10]
           call bpf_map_update_elem#2
           r0 = 0
           out: exit`,
  },
  {
    name: "value that may be NULL",
    code: `*(u32 *)(r10 -4) = 1
           r2 = r10
           r2 += -4
           r1 = map[fd:10]
           call bpf_map_lookup_elem#1
           r3 = r0
           r2 = r10
           r2 += -4
           r4 = 0
           r1 = map[fd:10]
           call bpf_map_update_elem#2
           r0 = 0
           exit`,
  },
  {
    name: "update of a ring buffer",
    code: `*(u64 *)(r10 -8) = 1
           r2 = r10
           r2 += -8
           r3 = r2
           r4 = 0
           r1 = map[fd:12]
           call bpf_map_update_elem#2
           r0 = 0
           exit`,
  },
  {
    name: "look-up in a stack trace map",
    code: `*(u64 *)(r10 -8) = 1
           r2 = r10
           r2 += -8
           r1 = map[fd:14]
           call bpf_map_lookup_elem#1
           r0 = 0
           exit`,
  },
  {
    name: "push to a hash",
    code: `*(u64 *)(r10 -8) = 1
           *(u64 *)(r10 -16) = 1
           r2 = r10
           r2 += -16
           r3 = 0
           r1 = map[fd:10]
           call bpf_map_push_elem#87
           r0 = 0
           exit`,
  },
  {
    name: "pop fills the stack",
    code: `r2 = r10
           r2 += -8
           r1 = map[fd:15]
           call bpf_map_pop_elem#88
           r0 = *(u64 *)(r10 -8)
           exit`,
  },
  {
    name: "update of a map that programs only read",
    code: `*(u32 *)(r10 -4) = 0
           *(u64 *)(r10 -16) = 0
           *(u64 *)(r10 -24) = 0
           r2 = r10
           r2 += -4
           r3 = r10
           r3 += -24
           r4 = 0
           r1 = map[fd:16]
           call bpf_map_update_elem#2
           r0 = 0
           exit`,
  },
  {
    name: "helper of no number",
    code: `.8byte 0x0000126700000085
           r0 = 0
           exit`,
  },
  {
    name: "helper 0",
    code: `.8byte 0x0000000000000085
           r0 = 0
           exit`,
  },
  {
    name: "helper of another program type",
    code: `r1 = 0
           call bpf_override_return#58
           r0 = 0
           exit`,
  },
  {
    name: "helper for the GPL only",
    license: "proprietary",
    code: `r1 = r10
           r1 += -8
           r2 = 8
           r3 = 0
           call bpf_probe_read_kernel#113
           r0 = 0
           exit`,
  },
  {
    name: "helper that may sleep",
    type: 5,
    code: `r1 = r10
           r1 += -8
           r2 = 8
           r3 = 0
           call bpf_copy_from_user#148
           r0 = 0
           exit`,
  },
  {
    name: "memory of size 0",
    type: 5,
    code: `r1 = r10
           r1 += -8
           r2 = 0
           r3 = 0
           call bpf_probe_read_kernel#113
           r0 = 0
           exit`,
  },
  {
    name: "memory of negative size",
    type: 5,
    code: `r1 = r10
           r1 += -8
           r2 = -1
           r3 = 0
           call bpf_probe_read_kernel#113
           r0 = 0
           exit`,
  },
  {
    name: "memory of unbounded size",
    type: 5,
    code: `r6 = *(u64 *)(r1 +8)
           r1 = r10
           r1 += -8
           r2 = r6
           r3 = 0
           call bpf_probe_read_kernel#113
           r0 = 0
           exit`,
  },
  {
    name: "memory of a size that is too big",
    type: 5,
    code: `r6 = *(u32 *)(r1 +8)
           r1 = r10
           r1 += -8
           r2 = r6
           r3 = 0
           call bpf_probe_read_kernel#113
           r0 = 0
           exit`,
  },
  {
    name: "memory of a size between bounds, initialised",
    type: 5,
    code: `r6 = *(u32 *)(r1 +8)
           r6 &= 7
           *(u64 *)(r10 -8) = 0
           r1 = r10
           r1 += -8
           r2 = r6
           r2 += 1
           r3 = 0
           call bpf_probe_read_kernel#113
           r0 = 0
           exit`,
  },
  {
    name: "size first made positive by a comparison",
    type: 5,
    code: `r6 = *(u64 *)(r1 +8)
           if r6 s< 1 goto out
           if r6 s> 8 goto out
           r1 = r10
           r1 += -8
           r2 = r6
           r3 = 0
           call bpf_probe_read_kernel#113
           out: r0 = 0
           exit`,
  },
  {
    name: "filled memory may be read",
    type: 5,
    code: `r1 = r10
           r1 += -8
           r2 = 8
           r3 = 0
           call bpf_probe_read_kernel#113
           r0 = *(u64 *)(r10 -8)
           r0 = 0
           exit`,
  },
  {
    name: "a size that varies needs all of it initialised",
    type: 5,
    flags: 8,
    code: `r6 = *(u64 *)(r1 +8)
           r6 &= 7
           r1 = r10
           r1 += -8
           r2 = r6
           call bpf_get_current_comm#16
           r0 = 0
           exit`,
  },
  {
    name: "result is no more than the size",
    type: 5,
    code: `r1 = r10
           r1 += -8
           r2 = 8
           r3 = 0
           call bpf_probe_read_kernel_str#115
           if r0 s< 0 goto out
           r1 = r10
           r1 += -16
           r1 += r0
           *(u8 *)(r1 +0) = 0
           out: r0 = 0
           exit`,
  },
  {
    name: "output to a packet pointer",
    code: `r6 = *(u32 *)(r1 +76)
           r7 = *(u32 *)(r1 +80)
           r0 = 0
           r2 = r6
           r2 += 8
           if r2 > r7 goto out
           r1 = r6
           r2 = 8
           r3 = 0
           call bpf_probe_read_kernel#113
           out: exit`,
  },
  {
    name: "packet as a key",
    code: `r6 = *(u32 *)(r1 +76)
           r7 = *(u32 *)(r1 +80)
           r0 = 0
           r2 = r6
           r2 += 4
           if r2 > r7 goto out
           r2 = r6
           r1 = map[fd:10]
           call bpf_map_lookup_elem#1
           r0 = 0
           out: exit`,
  },
  {
    name: "packet as a key, one byte short",
    code: `r6 = *(u32 *)(r1 +76)
           r7 = *(u32 *)(r1 +80)
           r0 = 0
           r2 = r6
           r2 += 3
           if r2 > r7 goto out
           r2 = r6
           r1 = map[fd:10]
           call bpf_map_lookup_elem#1
           r0 = 0
           out: exit`,
  },
  {
    name: "packet pointers end with a change of the packet",
    code: `r8 = r1
           r6 = *(u32 *)(r1 +76)
           r7 = *(u32 *)(r1 +80)
           r0 = 0
           r2 = r6
           r2 += 4
           if r2 > r7 goto out
           r1 = r8
           r2 = 40
           call bpf_skb_pull_data#39
           r0 = *(u32 *)(r6 +0)
           out: exit`,
  },
  {
    name: "context moved",
    code: `r1 += 4
           r2 = 40
           call bpf_skb_pull_data#39
           r0 = 0
           exit`,
  },
  {
    name: "format with too few arguments",
    code: `*(u64 *)(r10 -8) = 0
           r1 = r10
           r1 += -16
           r2 = 8
           r3 = map[fd:16][0]+0
           r4 = r10
           r4 += -8
           r5 = 8
           call bpf_snprintf#165
           r0 = 0
           exit`,
  },
  {
    name: "format with the right arguments",
    code: `*(u64 *)(r10 -8) = 0
           *(u64 *)(r10 -16) = 0
           r1 = r10
           r1 += -24
           r2 = 8
           r3 = map[fd:16][0]+0
           r4 = r10
           r4 += -16
           r5 = 16
           call bpf_snprintf#165
           r0 = 0
           exit`,
  },
  {
    name: "format with an unknown letter",
    code: `*(u64 *)(r10 -8) = 0
           r1 = r10
           r1 += -16
           r2 = 8
           r3 = map[fd:16][0]+10
           r4 = r10
           r4 += -8
           r5 = 8
           call bpf_snprintf#165
           r0 = 0
           exit`,
  },
  {
    name: "format in a map that programs can write",
    code: `*(u64 *)(r10 -8) = 0
           *(u32 *)(r10 -12) = 0
           r2 = r10
           r2 += -12
           r1 = map[fd:11]
           call bpf_map_lookup_elem#1
           r3 = r0
           r1 = r10
           r1 += -24
           r2 = 8
           r4 = r10
           r4 += -8
           r5 = 8
           call bpf_snprintf#165
           r0 = 0
           exit`,
  },
  {
    name: "tail call into a hash",
    code: `r2 = map[fd:10]
           r3 = 0
           call bpf_tail_call#12
           r0 = 0
           exit`,
  },
  {
    name: "tail call",
    code: `r2 = map[fd:13]
           r3 = 0
           call bpf_tail_call#12
           r0 = 0
           exit`,
  },
  {
    name: "registers 1 to 5 are gone after a call",
    code: `r2 = 0
           call bpf_ktime_get_ns#5
           r0 = r2
           exit`,
  },
  {
    name: "registers 6 to 9 stay",
    code: `r6 = 0
           call bpf_ktime_get_ns#5
           r0 = r6
           exit`,
  },
  {
    name: "result of a helper that returns nothing",
    code: `r2 = map[fd:13]
           r3 = 0
           call bpf_tail_call#12
           exit`,
  },
  {
    name: "update of a sockmap",
    code: `*(u64 *)(r10 -8) = 1
           r2 = r10
           r2 += -8
           r3 = r2
           r4 = 0
           r1 = map[fd:19]
           call bpf_map_update_elem#2
           r0 = 0
           exit`,
  },
];
