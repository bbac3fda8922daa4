import type { MicroCase } from "../case.ts";

const LOOKUP_SOCK = `
           *(u64 *)(r10 -16) = 0
           *(u64 *)(r10 -8) = 0
           r2 = r10
           r2 += -16
           r3 = 12
           r4 = -1
           r5 = 0
           call bpf_sk_lookup_tcp#84`;

/** `r6` points to the element of map `fd` with key 0. */
const ELEMENT = (fd: number): string => `
           *(u32 *)(r10 -4) = 0
           r2 = r10
           r2 += -4
           r1 = map[fd:${fd}]
           call bpf_map_lookup_elem#1
           if r0 == 0x0 goto none
           r6 = r0`;

const END = `
           none: r0 = 0
           exit`;

/** Things acquired and given back: sockets, ring buffer memory, locks, kernel pointers; timers. */
export const REFERENCE_CASES: readonly MicroCase[] = [
  {
    name: "socket given back",
    code: `${LOOKUP_SOCK}
           if r0 == 0x0 goto none
           r1 = r0
           call bpf_sk_release#86${END}`,
  },
  { name: "socket not given back", code: `${LOOKUP_SOCK}${END}` },
  {
    name: "socket given back unchecked",
    code: `${LOOKUP_SOCK}
           r1 = r0
           call bpf_sk_release#86${END}`,
  },
  {
    name: "socket given back twice",
    code: `${LOOKUP_SOCK}
           if r0 == 0x0 goto none
           r6 = r0
           r1 = r0
           call bpf_sk_release#86
           r1 = r6
           call bpf_sk_release#86${END}`,
  },
  {
    name: "socket used after it was given back",
    code: `${LOOKUP_SOCK}
           if r0 == 0x0 goto none
           r6 = r0
           r1 = r0
           call bpf_sk_release#86
           r0 = *(u32 *)(r6 +4)${END}`,
  },
  {
    name: "a cast socket ends with its socket",
    code: `${LOOKUP_SOCK}
           if r0 == 0x0 goto none
           r6 = r0
           r1 = r0
           call bpf_tcp_sock#96
           r7 = r0
           r1 = r6
           call bpf_sk_release#86
           if r7 == 0x0 goto none
           r0 = *(u32 *)(r7 +0)
           exit${END}`,
  },
  {
    name: "a moved socket is given back",
    code: `${LOOKUP_SOCK}
           if r0 == 0x0 goto none
           r1 = r0
           r1 += 8
           call bpf_sk_release#86${END}`,
  },
  {
    name: "what is no reference is given back",
    code: `r1 = *(u64 *)(r1 +168)
           if r1 == 0x0 goto none
           call bpf_sk_release#86${END}`,
  },
  {
    name: "tail call with a socket held",
    code: `r7 = r1${LOOKUP_SOCK}
           r1 = r7
           r2 = map[fd:13]
           r3 = 0
           call bpf_tail_call#12${END}`,
  },
  {
    name: "ring buffer memory submitted",
    code: `r1 = map[fd:12]
           r2 = 8
           r3 = 0
           call bpf_ringbuf_reserve#131
           if r0 == 0x0 goto none
           *(u64 *)(r0 +0) = 1
           r1 = r0
           r2 = 0
           call bpf_ringbuf_submit#132${END}`,
  },
  {
    name: "ring buffer memory kept",
    code: `r1 = map[fd:12]
           r2 = 8
           r3 = 0
           call bpf_ringbuf_reserve#131${END}`,
  },
  {
    name: "ring buffer memory written beyond",
    code: `r1 = map[fd:12]
           r2 = 8
           r3 = 0
           call bpf_ringbuf_reserve#131
           if r0 == 0x0 goto none
           *(u64 *)(r0 +1) = 1
           r1 = r0
           r2 = 0
           call bpf_ringbuf_submit#132${END}`,
  },
  {
    name: "ring buffer memory of unknown size",
    code: `r2 = *(u32 *)(r1 +0)
           r1 = map[fd:12]
           r3 = 0
           call bpf_ringbuf_reserve#131${END}`,
  },
  {
    name: "submit of a map's value",
    code: `${ELEMENT(11)}
           r1 = r6
           r2 = 0
           call bpf_ringbuf_submit#132${END}`,
  },
  {
    name: "two references in one call",
    code: `r1 = map[fd:12]
           r2 = 8
           r3 = 0
           call bpf_ringbuf_reserve#131
           if r0 == 0x0 goto none
           r6 = r0
           r1 = map[fd:12]
           r2 = 16
           r3 = 0
           call bpf_ringbuf_reserve#131
           if r0 == 0x0 goto one
           r7 = r0
           r1 = map[fd:10]
           r2 = r6
           r3 = r7
           r4 = 0
           call bpf_map_update_elem#2
           r1 = r7
           r2 = 0
           call bpf_ringbuf_submit#132
           one: r1 = r6
           r2 = 0
           call bpf_ringbuf_submit#132${END}`,
  },
  {
    name: "lock taken and released",
    code: `${ELEMENT(20)}
           r1 = r6
           r1 += 8
           call bpf_spin_lock#93
           *(u64 *)(r6 +0) = 1
           r1 = r6
           r1 += 8
           call bpf_spin_unlock#94${END}`,
  },
  {
    name: "lock kept",
    code: `${ELEMENT(20)}
           r1 = r6
           r1 += 8
           call bpf_spin_lock#93${END}`,
  },
  {
    name: "lock taken twice",
    code: `${ELEMENT(20)}
           r1 = r6
           r1 += 8
           call bpf_spin_lock#93
           r1 = r6
           r1 += 8
           call bpf_spin_lock#93${END}`,
  },
  {
    name: "call under a lock",
    code: `${ELEMENT(20)}
           r1 = r6
           r1 += 8
           call bpf_spin_lock#93
           call bpf_ktime_get_ns#5${END}`,
  },
  {
    name: "unlock of another element",
    code: `${ELEMENT(20)}
           *(u32 *)(r10 -4) = 1
           r2 = r10
           r2 += -4
           r1 = map[fd:20]
           call bpf_map_lookup_elem#1
           if r0 == 0x0 goto none
           r7 = r0
           r1 = r6
           r1 += 8
           call bpf_spin_lock#93
           r1 = r7
           r1 += 8
           call bpf_spin_unlock#94${END}`,
  },
  {
    name: "unlock without lock",
    code: `${ELEMENT(20)}
           r1 = r6
           r1 += 8
           call bpf_spin_unlock#94${END}`,
  },
  {
    name: "lock beside the lock",
    code: `${ELEMENT(20)}
           r1 = r6
           call bpf_spin_lock#93${END}`,
  },
  {
    name: "lock in a map without one",
    code: `${ELEMENT(11)}
           r1 = r6
           call bpf_spin_lock#93${END}`,
  },
  {
    name: "lock written to",
    code: `${ELEMENT(20)}
           *(u32 *)(r6 +8) = 1${END}`,
  },
  {
    name: "timer of its map",
    code: `${ELEMENT(21)}
           r1 = r6
           r1 += 8
           r2 = map[fd:21]
           r3 = 0
           call bpf_timer_init#169${END}`,
  },
  {
    name: "timer of another map",
    code: `${ELEMENT(21)}
           r1 = r6
           r1 += 8
           r2 = map[fd:11]
           r3 = 0
           call bpf_timer_init#169${END}`,
  },
  {
    name: "timer beside the timer",
    code: `${ELEMENT(21)}
           r1 = r6
           r2 = map[fd:21]
           r3 = 0
           call bpf_timer_init#169${END}`,
  },
  {
    name: "kernel pointer exchanged for NULL",
    code: `${ELEMENT(22)}
           r1 = r6
           r2 = 0
           call bpf_kptr_xchg#194
           if r0 == 0x0 goto none
           r1 = r0
           call kfunc bpf_task_release${END}`,
  },
  {
    name: "kernel pointer taken and kept",
    code: `${ELEMENT(22)}
           r1 = r6
           r2 = 0
           call bpf_kptr_xchg#194${END}`,
  },
  {
    name: "exchange of a pointer that owns nothing",
    code: `${ELEMENT(22)}
           r1 = r6
           r1 += 8
           r2 = 0
           call bpf_kptr_xchg#194${END}`,
  },
  {
    name: "exchange beside the pointer",
    code: `${ELEMENT(22)}
           r1 = r6
           r1 += 4
           r2 = 0
           call bpf_kptr_xchg#194${END}`,
  },
  {
    name: "exchange in a map without one",
    code: `${ELEMENT(11)}
           r1 = r6
           r2 = 0
           call bpf_kptr_xchg#194${END}`,
  },
  {
    name: "owned kernel pointer overwritten",
    code: `${ELEMENT(22)}
           *(u64 *)(r6 +0) = 0${END}`,
  },
  {
    name: "kernel pointer read and followed under RCU",
    code: `${ELEMENT(22)}
           r1 = *(u64 *)(r6 +0)
           if r1 == 0x0 goto none
           r0 = *(u32 *)(r1 +0)${END}`,
  },
  {
    name: "kernel pointer read in part",
    code: `${ELEMENT(22)}
           r1 = *(u32 *)(r6 +0)${END}`,
  },
  {
    name: "a number stored as a kernel pointer",
    code: `${ELEMENT(22)}
           r1 = 8
           *(u64 *)(r6 +8) = r1${END}`,
  },
];
