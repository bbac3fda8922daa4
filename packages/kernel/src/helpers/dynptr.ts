import type { Memory } from "@bpf-ts/memory";
import { E2BIG, EINVAL } from "@bpf-ts/uapi/errno";
import { high } from "./args.ts";
import type { HelperFactory } from "./env.ts";

/**
 * Dynptrs: 16 bytes of stack that only helpers touch, as the verifier sees to. They hold {u64 address of the data, u32 size and kind, u32
 * offset into the data}; all zero is the null dynptr. Those of packets are made by kernel functions, which this kernel does not have.
 *
 * @see v6.18 kernel/bpf/helpers.c, bpf_dynptr_from_mem and below
 */
export const DYNPTR_BYTES = 16;

/** BPF_DYNPTR_TYPE_*, shifted to its place. */
export type DynptrKind = "local" | "ringbuf";

const KIND_BITS: Readonly<Record<DynptrKind, number>> = { local: 1 << 28, ringbuf: 2 << 28 };
/** DYNPTR_MAX_SIZE: also the bits that hold the size. */
const SIZE_MASK = 0x00ff_ffff;
const SIZE_AND_KIND = 8;
const OFFSET = 12;

/** 0, or -E2BIG for what no dynptr can hold. `size`: 32 bits. */
export function checkDynptrSize(size: number): number {
  return size >>> 0 > SIZE_MASK ? -E2BIG : 0;
}

/** Makes a dynptr of `size` bytes of data. */
export function setDynptr(memory: Memory, at: number, kind: DynptrKind, data: number, size: number): void {
  const dynptr = at >>> 0;
  memory.setU32(dynptr, data >>> 0);
  memory.setU32(dynptr + 4, 0);
  memory.setU32(dynptr + SIZE_AND_KIND, size | KIND_BITS[kind]);
  memory.setU32(dynptr + OFFSET, 0);
}

/** Makes the null dynptr. */
export function setNullDynptr(memory: Memory, at: number): void {
  memory.fill(at >>> 0, 0, DYNPTR_BYTES);
}

/** Address of the data that a dynptr was made of, 0 for the null dynptr. */
export function dynptrBase(memory: Memory, at: number): number {
  return memory.getU32(at >>> 0);
}

/** Address of `len` bytes at `offset`, or -E2BIG where they are not all there. Not for the null dynptr. */
function dataAt(memory: Memory, at: number, offset: number, len: number): number {
  const dynptr = at >>> 0;
  const size = memory.getU32(dynptr + SIZE_AND_KIND) & SIZE_MASK;
  const wanted = len >>> 0;
  if (wanted > size || offset >>> 0 > size - wanted) return -E2BIG;
  return memory.getU32(dynptr) + memory.getU32(dynptr + OFFSET) + (offset >>> 0);
}

/** `bpf_dynptr_from_mem`: of a map's value. */
export const dynptrFromMem: HelperFactory = (k) => ({
  name: "bpf_dynptr_from_mem",
  wide: "args",
  run: (run, data, size, flags, dynptr) => {
    const error = checkDynptrSize(size) || (flags !== 0 || high(run, 3) !== 0 ? -EINVAL : 0);
    if (error === 0) setDynptr(k.memory, dynptr, "local", data, size);
    else setNullDynptr(k.memory, dynptr);
    return error;
  },
});

/** `bpf_dynptr_read`: source and destination may overlap. */
export const dynptrRead: HelperFactory = (k) => ({
  name: "bpf_dynptr_read",
  wide: "args",
  run: (run, target, len, dynptr, offset, flags) => {
    if (dynptrBase(k.memory, dynptr) === 0 || flags !== 0 || high(run, 5) !== 0) return -EINVAL;
    const from = dataAt(k.memory, dynptr, offset, len);
    if (from < 0) return from;
    k.memory.copy(target >>> 0, from, len >>> 0);
    return 0;
  },
});

/** `bpf_dynptr_write` */
export const dynptrWrite: HelperFactory = (k) => ({
  name: "bpf_dynptr_write",
  wide: "args",
  run: (run, dynptr, offset, source, len, flags) => {
    if (dynptrBase(k.memory, dynptr) === 0) return -EINVAL;
    const to = dataAt(k.memory, dynptr, offset, len);
    if (to < 0) return to;
    if (flags !== 0 || high(run, 5) !== 0) return -EINVAL;
    k.memory.copy(to, source >>> 0, len >>> 0);
    return 0;
  },
});

/** `bpf_dynptr_data`: the address of `len` bytes at `offset`, 0 where they are not all there. */
export const dynptrData: HelperFactory = (k) => ({
  name: "bpf_dynptr_data",
  unsigned: true,
  run: (_run, dynptr, offset, len) =>
    dynptrBase(k.memory, dynptr) === 0 ? 0 : Math.max(0, dataAt(k.memory, dynptr, offset, len)),
});
