import type { MicroCase } from "../case.ts";

/** A dynptr of 8 bytes of a ring buffer at fp-16. */
const RESERVE = `
           r1 = map[fd:12]
           r2 = 8
           r3 = 0
           r4 = r10
           r4 += -16
           call bpf_ringbuf_reserve_dynptr#198`;
const SUBMIT = `
           r1 = r10
           r1 += -16
           r2 = 0
           call bpf_ringbuf_submit_dynptr#199
           r0 = 0
           exit`;

/** Dynptrs. */
export const DYNPTR_CASES: readonly MicroCase[] = [
  { name: "reserved and submitted", code: `${RESERVE}${SUBMIT}` },
  { name: "reserved and kept", code: `${RESERVE}\nr0 = 0\nexit` },
  { name: "submitted without being reserved", code: `*(u64 *)(r10 -8) = 0\n*(u64 *)(r10 -16) = 0${SUBMIT}` },
  {
    name: "submitted twice",
    code: `${RESERVE}\nr1 = r10\nr1 += -16\nr2 = 0\ncall bpf_ringbuf_submit_dynptr#199${SUBMIT}`,
  },
  { name: "overwritten while it owns memory", code: `${RESERVE}\n*(u64 *)(r10 -8) = 0${SUBMIT}` },
  { name: "one byte overwritten", code: `${RESERVE}\n*(u8 *)(r10 -16) = 0${SUBMIT}` },
  { name: "read directly", code: `${RESERVE}\nr0 = *(u64 *)(r10 -16)${SUBMIT}` },
  {
    name: "given to a helper as memory",
    code: `${RESERVE}\nr1 = r10\nr1 += -16\nr2 = 16\ncall bpf_get_current_comm#16${SUBMIT}`,
    type: 5,
  },
  {
    name: "misaligned",
    code: `r1 = map[fd:12]
           r2 = 8
           r3 = 0
           r4 = r10
           r4 += -20
           call bpf_ringbuf_reserve_dynptr#198
           r0 = 0
           exit`,
  },
  {
    name: "half of it beyond the frame",
    code: `r1 = map[fd:12]
           r2 = 8
           r3 = 0
           r4 = r10
           r4 += -8
           call bpf_ringbuf_reserve_dynptr#198
           r0 = 0
           exit`,
  },
  {
    name: "in a map's value",
    code: `r4 = map[fd:16][0]+0
           r1 = map[fd:12]
           r2 = 8
           r3 = 0
           call bpf_ringbuf_reserve_dynptr#198
           r0 = 0
           exit`,
  },
  {
    name: "second half given",
    code: `${RESERVE}
           r1 = r10
           r1 += -8
           r2 = 0
           call bpf_ringbuf_submit_dynptr#199
           r0 = 0
           exit`,
  },
  {
    name: "its memory written",
    code: `${RESERVE}
           r1 = r10
           r1 += -16
           r2 = 0
           r3 = 8
           call bpf_dynptr_data#203
           if r0 == 0x0 goto done
           *(u64 *)(r0 +0) = 1
           done: r0 = 0${SUBMIT}`,
  },
  {
    name: "its memory written beyond what was asked for",
    code: `${RESERVE}
           r1 = r10
           r1 += -16
           r2 = 0
           r3 = 4
           call bpf_dynptr_data#203
           if r0 == 0x0 goto done
           *(u64 *)(r0 +0) = 1
           done: r0 = 0${SUBMIT}`,
  },
  {
    name: "its memory after it was submitted",
    code: `${RESERVE}
           r1 = r10
           r1 += -16
           r2 = 0
           r3 = 8
           call bpf_dynptr_data#203
           r6 = r0
           r1 = r10
           r1 += -16
           r2 = 0
           call bpf_ringbuf_submit_dynptr#199
           if r6 == 0x0 goto done
           *(u64 *)(r6 +0) = 1
           done: r0 = 0
           exit`,
  },
  {
    name: "of a map's value",
    code: `*(u32 *)(r10 -20) = 0
           r2 = r10
           r2 += -20
           r1 = map[fd:11]
           call bpf_map_lookup_elem#1
           r1 = r0
           r2 = 8
           r3 = 0
           r4 = r10
           r4 += -16
           call bpf_dynptr_from_mem#197
           r0 = 0
           exit`,
  },
  {
    name: "of the stack",
    code: `*(u64 *)(r10 -24) = 0
           r1 = r10
           r1 += -24
           r2 = 8
           r3 = 0
           r4 = r10
           r4 += -16
           call bpf_dynptr_from_mem#197
           r0 = 0
           exit`,
  },
  {
    name: "of more than a map's value",
    code: `*(u32 *)(r10 -20) = 0
           r2 = r10
           r2 += -20
           r1 = map[fd:11]
           call bpf_map_lookup_elem#1
           r1 = r0
           r2 = 17
           r3 = 0
           r4 = r10
           r4 += -16
           call bpf_dynptr_from_mem#197
           r0 = 0
           exit`,
  },
  {
    name: "of a map's value, submitted to a ring buffer",
    code: `*(u32 *)(r10 -20) = 0
           r2 = r10
           r2 += -20
           r1 = map[fd:11]
           call bpf_map_lookup_elem#1
           r1 = r0
           r2 = 8
           r3 = 0
           r4 = r10
           r4 += -16
           call bpf_dynptr_from_mem#197${SUBMIT}`,
  },
  {
    name: "of the packet, a slice read",
    code: `r2 = 0
           r3 = r10
           r3 += -16
           call kfunc bpf_dynptr_from_skb
           r1 = r10
           r1 += -16
           r2 = 0
           r3 = 0
           r4 = 4
           call kfunc bpf_dynptr_slice
           if r0 == 0x0 goto done
           r0 = *(u32 *)(r0 +0)
           done: r0 = 0
           exit`,
  },
  {
    name: "of the packet, a slice written",
    code: `r2 = 0
           r3 = r10
           r3 += -16
           call kfunc bpf_dynptr_from_skb
           r1 = r10
           r1 += -16
           r2 = 0
           r3 = 0
           r4 = 4
           call kfunc bpf_dynptr_slice
           if r0 == 0x0 goto done
           *(u32 *)(r0 +0) = 1
           done: r0 = 0
           exit`,
  },
  {
    name: "of the packet, a slice of unknown size",
    code: `r6 = *(u32 *)(r1 +0)
           r2 = 0
           r3 = r10
           r3 += -16
           call kfunc bpf_dynptr_from_skb
           r1 = r10
           r1 += -16
           r2 = 0
           r3 = 0
           r4 = r6
           call kfunc bpf_dynptr_slice
           r0 = 0
           exit`,
  },
  {
    name: "of the packet, a slice after the packet moved",
    code: `r7 = r1
           r2 = 0
           r3 = r10
           r3 += -16
           call kfunc bpf_dynptr_from_skb
           r1 = r10
           r1 += -16
           r2 = 0
           r3 = 0
           r4 = 4
           call kfunc bpf_dynptr_slice
           r6 = r0
           r1 = r7
           r2 = 40
           call bpf_skb_pull_data#39
           if r6 == 0x0 goto done
           r0 = *(u32 *)(r6 +0)
           done: r0 = 0
           exit`,
  },
];
