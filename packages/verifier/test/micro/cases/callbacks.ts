import type { MicroCase } from "../case.ts";

/** Functions of the program that helpers call. `%r0` in a callback's place is what it returns. */
export const CALLBACK_CASES: readonly MicroCase[] = [
  {
    name: "loop",
    code: `r1 = 10
           r2 = subprog[cb]
           r3 = 0
           r4 = 0
           call bpf_loop#181
           r0 = 0
           exit
           cb: r0 = 0
           exit`,
  },
  {
    name: "loop whose callback returns 2",
    code: `r1 = 10
           r2 = subprog[cb]
           r3 = 0
           r4 = 0
           call bpf_loop#181
           r0 = 0
           exit
           cb: r0 = 2
           exit`,
  },
  {
    name: "loop whose callback returns nothing",
    code: `r1 = 10
           r2 = subprog[cb]
           r3 = 0
           r4 = 0
           call bpf_loop#181
           r0 = 0
           exit
           cb: exit`,
  },
  {
    name: "loop whose callback returns its context",
    code: `r1 = 10
           r2 = subprog[cb]
           r3 = r10
           r4 = 0
           call bpf_loop#181
           r0 = 0
           exit
           cb: r0 = r2
           exit`,
  },
  {
    name: "callback reads an argument that it does not have",
    code: `r1 = 10
           r2 = subprog[cb]
           r3 = 0
           r4 = 0
           call bpf_loop#181
           r0 = 0
           exit
           cb: r0 = r3
           exit`,
  },
  {
    name: "callback uses its index as an offset unchecked",
    code: `*(u64 *)(r10 -8) = 0
           r1 = 8
           r2 = subprog[cb]
           r3 = r10
           r3 += -8
           r4 = 0
           call bpf_loop#181
           r0 = 0
           exit
           cb: r2 += r1
           *(u8 *)(r2 +0) = 1
           r0 = 0
           exit`,
  },
  {
    name: "callback changes the caller's stack",
    code: `*(u64 *)(r10 -8) = 0
           r1 = 8
           r2 = subprog[cb]
           r3 = r10
           r3 += -8
           r4 = 0
           call bpf_loop#181
           r0 = *(u64 *)(r10 -8)
           r0 = 0
           exit
           cb: r1 = *(u64 *)(r2 +0)
           r1 += 1
           *(u64 *)(r2 +0) = r1
           r0 = 0
           exit`,
  },
  {
    name: "the caller can't rely on what a callback counts",
    code: `*(u64 *)(r10 -8) = 0
           r1 = 8
           r2 = subprog[cb]
           r3 = r10
           r3 += -8
           r4 = 0
           call bpf_loop#181
           r1 = *(u64 *)(r10 -8)
           r2 = r10
           r2 += -16
           r2 += r1
           *(u8 *)(r2 +0) = 1
           r0 = 0
           exit
           cb: r1 = *(u64 *)(r2 +0)
           r1 += 1
           *(u64 *)(r2 +0) = r1
           r0 = 0
           exit`,
  },
  {
    name: "callback is a number",
    code: `r1 = 10
           r2 = 7
           r3 = 0
           r4 = 0
           call bpf_loop#181
           r0 = 0
           exit`,
  },
  {
    name: "for each element",
    code: `r1 = map[fd:10]
           r2 = subprog[cb]
           r3 = 0
           r4 = 0
           call bpf_for_each_map_elem#164
           r0 = 0
           exit
           cb: r0 = *(u32 *)(r2 +0)
           r0 = *(u64 *)(r3 +8)
           r0 = 0
           exit`,
  },
  {
    name: "callback writes a key",
    code: `r1 = map[fd:10]
           r2 = subprog[cb]
           r3 = 0
           r4 = 0
           call bpf_for_each_map_elem#164
           r0 = 0
           exit
           cb: *(u32 *)(r2 +0) = 1
           r0 = 0
           exit`,
  },
  {
    name: "callback reads behind the value",
    code: `r1 = map[fd:10]
           r2 = subprog[cb]
           r3 = 0
           r4 = 0
           call bpf_for_each_map_elem#164
           r0 = 0
           exit
           cb: r0 = *(u64 *)(r3 +16)
           r0 = 0
           exit`,
  },
  {
    name: "for each element of a queue",
    code: `r1 = map[fd:15]
           r2 = subprog[cb]
           r3 = 0
           r4 = 0
           call bpf_for_each_map_elem#164
           r0 = 0
           exit
           cb: r0 = 0
           exit`,
  },
  {
    name: "callback's context is no stack",
    code: `r3 = r1
           r1 = map[fd:10]
           r2 = subprog[cb]
           r4 = 0
           call bpf_for_each_map_elem#164
           r0 = 0
           exit
           cb: r0 = 0
           exit`,
  },
  {
    name: "user ring buffer drained",
    code: `r1 = map[fd:17]
           r2 = subprog[cb]
           r3 = 0
           r4 = 0
           call bpf_user_ringbuf_drain#209
           r0 = 0
           exit
           cb: r2 = 0
           r3 = 8
           call bpf_dynptr_data#203
           if r0 == 0x0 goto none
           r0 = *(u64 *)(r0 +0)
           none: r0 = 0
           exit`,
  },
  {
    name: "sample read beyond what was asked for",
    code: `r1 = map[fd:17]
           r2 = subprog[cb]
           r3 = 0
           r4 = 0
           call bpf_user_ringbuf_drain#209
           r0 = 0
           exit
           cb: r2 = 0
           r3 = 8
           call bpf_dynptr_data#203
           if r0 == 0x0 goto none
           r0 = *(u64 *)(r0 +8)
           none: r0 = 0
           exit`,
  },
  {
    name: "sample submitted as if it were a reservation",
    code: `r1 = map[fd:17]
           r2 = subprog[cb]
           r3 = 0
           r4 = 0
           call bpf_user_ringbuf_drain#209
           r0 = 0
           exit
           cb: r2 = 0
           call bpf_ringbuf_submit_dynptr#199
           r0 = 0
           exit`,
  },
];
