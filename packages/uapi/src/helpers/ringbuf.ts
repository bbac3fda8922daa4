/** Helpers of ring buffers. */
import type { HelperProto } from "../helper-proto.ts";
import { ALLOC_SIZE, ANY, FUNC, MAP, RELEASE_RINGBUF_MEM, RO_MEM, SIZE_OR_ZERO, STACK_OR_NULL } from "./arg.ts";
import { INTEGER, TO_RINGBUF_MEM_OR_NULL, VOID } from "./ret.ts";

/** Ring buffers, both directions. */
export const RINGBUF_HELPERS: readonly HelperProto[] = [
  {
    id: 130,
    name: "ringbuf_output",
    signature: "long bpf_ringbuf_output(void *ringbuf, void *data, __u64 size, __u64 flags)",
    args: [MAP, RO_MEM, SIZE_OR_ZERO, ANY],
    ret: INTEGER,
  },
  {
    id: 131,
    name: "ringbuf_reserve",
    signature: "void *bpf_ringbuf_reserve(void *ringbuf, __u64 size, __u64 flags)",
    args: [MAP, ALLOC_SIZE, ANY],
    ret: TO_RINGBUF_MEM_OR_NULL,
  },
  {
    id: 132,
    name: "ringbuf_submit",
    signature: "void bpf_ringbuf_submit(void *data, __u64 flags)",
    args: [RELEASE_RINGBUF_MEM, ANY],
    ret: VOID,
  },
  {
    id: 133,
    name: "ringbuf_discard",
    signature: "void bpf_ringbuf_discard(void *data, __u64 flags)",
    args: [RELEASE_RINGBUF_MEM, ANY],
    ret: VOID,
  },
  {
    id: 134,
    name: "ringbuf_query",
    signature: "__u64 bpf_ringbuf_query(void *ringbuf, __u64 flags)",
    args: [MAP, ANY],
    ret: INTEGER,
  },
  {
    id: 209,
    name: "user_ringbuf_drain",
    signature: "long bpf_user_ringbuf_drain(void *map, void *callback_fn, void *ctx, __u64 flags)",
    args: [MAP, FUNC, STACK_OR_NULL, ANY],
    ret: INTEGER,
  },
];
