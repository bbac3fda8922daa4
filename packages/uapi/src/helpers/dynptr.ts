/** Helpers of dynptrs. */
import type { HelperProto } from "../helper-proto.ts";
import {
  ALLOC_SIZE,
  ANY,
  MAP,
  RELEASE_RINGBUF_DYNPTR,
  RO_DYNPTR,
  RO_MEM,
  SIZE_OR_ZERO,
  UNINIT_LOCAL_DYNPTR,
  UNINIT_MEM,
  UNINIT_RINGBUF_DYNPTR,
} from "./arg.ts";
import { INTEGER, TO_MEM_OR_NULL, VOID } from "./ret.ts";

/** Dynptrs, those of ring buffers included. */
export const DYNPTR_HELPERS: readonly HelperProto[] = [
  {
    id: 197,
    name: "dynptr_from_mem",
    signature: "long bpf_dynptr_from_mem(void *data, __u32 size, __u64 flags, struct bpf_dynptr *ptr)",
    args: [UNINIT_MEM, SIZE_OR_ZERO, ANY, UNINIT_LOCAL_DYNPTR],
    ret: INTEGER,
  },
  {
    id: 198,
    name: "ringbuf_reserve_dynptr",
    signature: "long bpf_ringbuf_reserve_dynptr(void *ringbuf, __u32 size, __u64 flags, struct bpf_dynptr *ptr)",
    args: [MAP, ANY, ANY, UNINIT_RINGBUF_DYNPTR],
    ret: INTEGER,
  },
  {
    id: 199,
    name: "ringbuf_submit_dynptr",
    signature: "void bpf_ringbuf_submit_dynptr(struct bpf_dynptr *ptr, __u64 flags)",
    args: [RELEASE_RINGBUF_DYNPTR, ANY],
    ret: VOID,
  },
  {
    id: 200,
    name: "ringbuf_discard_dynptr",
    signature: "void bpf_ringbuf_discard_dynptr(struct bpf_dynptr *ptr, __u64 flags)",
    args: [RELEASE_RINGBUF_DYNPTR, ANY],
    ret: VOID,
  },
  {
    id: 201,
    name: "dynptr_read",
    signature: "long bpf_dynptr_read(void *dst, __u32 len, const struct bpf_dynptr *src, __u32 offset, __u64 flags)",
    args: [UNINIT_MEM, SIZE_OR_ZERO, RO_DYNPTR, ANY, ANY],
    ret: INTEGER,
  },
  {
    id: 202,
    name: "dynptr_write",
    signature: "long bpf_dynptr_write(const struct bpf_dynptr *dst, __u32 offset, void *src, __u32 len, __u64 flags)",
    args: [RO_DYNPTR, ANY, RO_MEM, SIZE_OR_ZERO, ANY],
    ret: INTEGER,
  },
  {
    id: 203,
    name: "dynptr_data",
    signature: "void *bpf_dynptr_data(const struct bpf_dynptr *ptr, __u32 offset, __u32 len)",
    args: [RO_DYNPTR, ANY, ALLOC_SIZE],
    ret: TO_MEM_OR_NULL,
  },
];
