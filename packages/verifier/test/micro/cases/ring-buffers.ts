import type { MicroCase } from "../case.ts";

/** R0: 16 bytes of the ring buffer, or null. */
const RESERVE = `
           r1 = map[fd:12]
           r2 = 16
           r3 = 0
           call bpf_ringbuf_reserve#131`;
const submit = (reg: string): string => `
           r1 = ${reg}
           r2 = 0
           call bpf_ringbuf_submit#132`;
const discard = (reg: string): string => `
           r1 = ${reg}
           r2 = 0
           call bpf_ringbuf_discard#133`;
const END = `
           none: r0 = 0
           exit`;
const DRAIN = `r1 = map[fd:17]
           r2 = subprog[cb]
           r3 = 0
           r4 = 0
           call bpf_user_ringbuf_drain#209
           r0 = 0
           exit
           cb: `;

/** Records of ring buffers, from reservation to commit, and samples of user ring buffers. */
export const RING_BUFFER_CASES: readonly MicroCase[] = [
  { name: "discarded", code: `${RESERVE}\nif r0 == 0x0 goto none${discard("r0")}${END}` },
  { name: "submitted unchecked", code: `${RESERVE}${submit("r0")}${END}` },
  {
    name: "submitted, then discarded",
    code: `${RESERVE}\nif r0 == 0x0 goto none\nr6 = r0${submit("r6")}${discard("r6")}${END}`,
  },
  {
    name: "written after it was submitted",
    code: `${RESERVE}\nif r0 == 0x0 goto none\nr6 = r0${submit("r6")}\n*(u64 *)(r6 +0) = 1${END}`,
  },
  {
    name: "a copy written after it was discarded",
    code: `${RESERVE}\nif r0 == 0x0 goto none\nr6 = r0\nr7 = r0${discard("r6")}\nr1 = *(u64 *)(r7 +0)${END}`,
  },
  {
    name: "submitted on one path only",
    code: `r7 = *(u32 *)(r1 +0)${RESERVE}
           if r0 == 0x0 goto none
           if r7 == 0x5 goto none${submit("r0")}${END}`,
  },
  {
    name: "submitted on one path, discarded on the other",
    code: `r7 = *(u32 *)(r1 +0)${RESERVE}
           if r0 == 0x0 goto none
           r6 = r0
           if r7 == 0x5 goto other${submit("r6")}
           goto none
           other: r0 = 0${discard("r6")}${END}`,
  },
  {
    name: "moved, then submitted",
    code: `${RESERVE}\nif r0 == 0x0 goto none\nr0 += 8${submit("r0")}${END}`,
  },
  {
    name: "last byte written",
    code: `${RESERVE}\nif r0 == 0x0 goto none\n*(u8 *)(r0 +15) = 1${submit("r0")}${END}`,
  },
  {
    name: "header written",
    code: `${RESERVE}\nif r0 == 0x0 goto none\n*(u64 *)(r0 -8) = 1${submit("r0")}${END}`,
  },
  {
    name: "read before it was written",
    code: `${RESERVE}\nif r0 == 0x0 goto none\nr1 = *(u64 *)(r0 +0)${submit("r0")}${END}`,
  },
  {
    name: "spilled, filled, submitted",
    code: `${RESERVE}
           if r0 == 0x0 goto none
           *(u64 *)(r10 -8) = r0
           r0 = 0
           r6 = *(u64 *)(r10 -8)${submit("r6")}${END}`,
  },
  {
    name: "lost from the stack",
    code: `${RESERVE}
           if r0 == 0x0 goto none
           *(u64 *)(r10 -8) = r0
           *(u64 *)(r10 -8) = 0${END}`,
  },
  {
    name: "submitted by a subprogram",
    code: `${RESERVE}
           if r0 == 0x0 goto none
           r1 = r0
           call give
           none: r0 = 0
           exit
           give: r2 = 0
           call bpf_ringbuf_submit#132
           r0 = 0
           exit`,
  },
  {
    name: "reserved in a subprogram and kept by the caller",
    code: `call take
           r0 = 0
           exit
           take:${RESERVE}
           exit`,
  },
  {
    name: "reserved in a subprogram, submitted by the caller",
    code: `call take
           if r0 == 0x0 goto none${submit("r0")}
           none: r0 = 0
           exit
           take:${RESERVE}
           exit`,
  },
  {
    name: "reserved and kept in a callback",
    code: `r1 = 4
           r2 = subprog[cb]
           r3 = 0
           r4 = 0
           call bpf_loop#181
           r0 = 0
           exit
           cb:${RESERVE}${END}`,
  },
  {
    name: "reserved and submitted in a callback",
    code: `r1 = 4
           r2 = subprog[cb]
           r3 = 0
           r4 = 0
           call bpf_loop#181
           r0 = 0
           exit
           cb:${RESERVE}\nif r0 == 0x0 goto none${submit("r0")}${END}`,
  },
  {
    name: "held over a callback",
    code: `${RESERVE}
           if r0 == 0x0 goto none
           r6 = r0
           r1 = 4
           r2 = subprog[cb]
           r3 = 0
           r4 = 0
           call bpf_loop#181${submit("r6")}
           none: r0 = 0
           exit
           cb: r0 = 0
           exit`,
  },
  {
    name: "submitted by a callback",
    code: `${RESERVE}
           if r0 == 0x0 goto none
           *(u64 *)(r10 -8) = r0
           r1 = 1
           r2 = subprog[cb]
           r3 = r10
           r3 += -8
           r4 = 0
           call bpf_loop#181
           none: r0 = 0
           exit
           cb: r1 = *(u64 *)(r2 +0)
           r2 = 0
           call bpf_ringbuf_submit#132
           r0 = 0
           exit`,
  },
  {
    name: "held at a tail call",
    code: `r7 = r1${RESERVE}
           if r0 == 0x0 goto none
           r6 = r0
           r1 = r7
           r2 = map[fd:13]
           r3 = 0
           call bpf_tail_call#12${submit("r6")}${END}`,
  },
  {
    name: "given to a helper",
    code: `${RESERVE}
           if r0 == 0x0 goto none
           r6 = r0
           r1 = r6
           r2 = 16
           call bpf_get_current_comm#16${submit("r6")}${END}`,
    type: 5,
  },
  {
    name: "too much of it given to a helper",
    code: `${RESERVE}
           if r0 == 0x0 goto none
           r6 = r0
           r1 = r6
           r2 = 17
           call bpf_get_current_comm#16${submit("r6")}${END}`,
    type: 5,
  },
  {
    name: "output of a record",
    code: `${RESERVE}
           if r0 == 0x0 goto none
           r6 = r0
           r1 = map[fd:12]
           r2 = r6
           r3 = 16
           r4 = 0
           call bpf_ringbuf_output#130${submit("r6")}${END}`,
  },
  {
    name: "output of stack that was not written",
    code: `r1 = map[fd:12]
           r2 = r10
           r2 += -8
           r3 = 8
           r4 = 0
           call bpf_ringbuf_output#130${END}`,
    license: "MIT",
  },
  {
    name: "output of negative size",
    code: `r3 = *(u32 *)(r1 +0)
           r3 += -4
           *(u64 *)(r10 -8) = 0
           r1 = map[fd:12]
           r2 = r10
           r2 += -8
           r4 = 0
           call bpf_ringbuf_output#130${END}`,
  },
  {
    name: "output to a hash",
    code: `*(u64 *)(r10 -8) = 0
           r1 = map[fd:10]
           r2 = r10
           r2 += -8
           r3 = 8
           r4 = 0
           call bpf_ringbuf_output#130${END}`,
  },
  {
    name: "output to a user ring buffer",
    code: `*(u64 *)(r10 -8) = 0
           r1 = map[fd:17]
           r2 = r10
           r2 += -8
           r3 = 8
           r4 = 0
           call bpf_ringbuf_output#130${END}`,
  },
  { name: "queried", code: `r1 = map[fd:12]\nr2 = 1\ncall bpf_ringbuf_query#134${END}` },
  { name: "query of an array", code: `r1 = map[fd:11]\nr2 = 1\ncall bpf_ringbuf_query#134${END}` },
  {
    name: "look-up in a ring buffer",
    code: `*(u64 *)(r10 -8) = 0
           r1 = map[fd:12]
           r2 = r10
           r2 += -8
           call bpf_map_lookup_elem#1${END}`,
  },
  {
    name: "drain of a ring buffer of the kernel",
    code: `r1 = map[fd:12]
           r2 = subprog[cb]
           r3 = 0
           r4 = 0
           call bpf_user_ringbuf_drain#209
           r0 = 0
           exit
           cb: r0 = 0
           exit`,
  },
  { name: "callback of a drain returns 2", code: `${DRAIN}r0 = 2\nexit` },
  {
    name: "callback of a drain reads its dynptr",
    code: `${DRAIN}r0 = *(u64 *)(r1 +0)
           r0 = 0
           exit`,
  },
  {
    name: "callback of a drain writes the sample",
    code: `${DRAIN}*(u64 *)(r10 -8) = 0
           r2 = 0
           r3 = r10
           r3 += -8
           r4 = 8
           r5 = 0
           call bpf_dynptr_write#202
           r0 = 0
           exit`,
  },
  {
    name: "callback of a drain reads the sample into too little stack",
    code: `${DRAIN}r3 = r1
           r1 = r10
           r1 += -8
           r2 = 9
           r4 = 0
           r5 = 0
           call bpf_dynptr_read#201
           r0 = 0
           exit`,
  },
  {
    name: "callback of a drain makes the sample's dynptr a record's",
    code: `${DRAIN}r4 = r1
           r1 = map[fd:12]
           r2 = 8
           r3 = 0
           call bpf_ringbuf_reserve_dynptr#198
           r0 = 0
           exit`,
  },
  {
    name: "callback of a drain keeps a record",
    code: `${DRAIN.trimEnd()}${RESERVE}${END}`,
  },
  {
    name: "drain with a callback that drains",
    code: `${DRAIN}r1 = map[fd:17]
           r2 = subprog[inner]
           r3 = 0
           r4 = 0
           call bpf_user_ringbuf_drain#209
           r0 = 0
           exit
           inner: r0 = 0
           exit`,
  },
];
