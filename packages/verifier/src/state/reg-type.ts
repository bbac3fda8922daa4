/**
 * Types of registers: a base type in the low 8 bits, modifiers above. Names are the kernel's; the numbers are ours and show nowhere.
 *
 * @see v6.18 include/linux/bpf.h, enum bpf_reg_type, enum bpf_type_flag
 */
export const NOT_INIT = 0;
export const SCALAR_VALUE = 1;
export const PTR_TO_CTX = 2;
export const CONST_PTR_TO_MAP = 3;
export const PTR_TO_MAP_VALUE = 4;
export const PTR_TO_MAP_KEY = 5;
export const PTR_TO_STACK = 6;
export const PTR_TO_PACKET_META = 7;
export const PTR_TO_PACKET = 8;
export const PTR_TO_PACKET_END = 9;
export const PTR_TO_FLOW_KEYS = 10;
export const PTR_TO_SOCKET = 11;
export const PTR_TO_SOCK_COMMON = 12;
export const PTR_TO_TCP_SOCK = 13;
export const PTR_TO_TP_BUFFER = 14;
export const PTR_TO_XDP_SOCK = 15;
export const PTR_TO_BTF_ID = 16;
export const PTR_TO_MEM = 17;
export const PTR_TO_ARENA = 18;
export const PTR_TO_BUF = 19;
export const PTR_TO_FUNC = 20;
export const CONST_PTR_TO_DYNPTR = 21;

/** PTR may be NULL. */
export const PTR_MAYBE_NULL: number = 1 << 8;
/** Memory that may be read only. */
export const MEM_RDONLY: number = 1 << 9;
/** A ring buffer reservation. */
export const MEM_RINGBUF: number = 1 << 10;
/** User space memory. */
export const MEM_USER: number = 1 << 11;
/** Per-CPU memory: no direct access before bpf_per_cpu_ptr or bpf_this_cpu_ptr. */
export const MEM_PERCPU: number = 1 << 12;
/** May be dereferenced, not passed on. */
export const PTR_UNTRUSTED: number = 1 << 14;
/** A dynptr over the program's own memory. */
export const DYNPTR_TYPE_LOCAL: number = 1 << 16;
export const DYNPTR_TYPE_RINGBUF: number = 1 << 17;
/** Allocated with bpf_obj_new, described by the program's BTF. */
export const MEM_ALLOC: number = 1 << 19;
/** The kernel vouches for the pointer. */
export const PTR_TRUSTED: number = 1 << 20;
/** Valid inside an RCU read section. */
export const MEM_RCU: number = 1 << 21;
export const NON_OWN_REF: number = 1 << 22;
export const DYNPTR_TYPE_SKB: number = 1 << 23;
export const DYNPTR_TYPE_XDP: number = 1 << 24;
export const DYNPTR_TYPE_SKB_META: number = 1 << 27;

export const DYNPTR_TYPE_FLAG_MASK: number =
  DYNPTR_TYPE_LOCAL | DYNPTR_TYPE_RINGBUF | DYNPTR_TYPE_SKB | DYNPTR_TYPE_XDP | DYNPTR_TYPE_SKB_META;

/** The type without its modifiers. */
export function baseType(type: number): number {
  return type & 0xff;
}

/** The modifiers alone. */
export function typeFlag(type: number): number {
  return type & ~0xff;
}

export function typeMayBeNull(type: number): boolean {
  return (type & PTR_MAYBE_NULL) !== 0;
}

/** PTR_TO_PACKET or PTR_TO_PACKET_META. */
export function typeIsPktPointer(type: number): boolean {
  const base = type & 0xff;
  return base === PTR_TO_PACKET || base === PTR_TO_PACKET_META;
}

/** A pointer into one of the socket structures that programs see through converted fields. */
export function typeIsSkPointer(type: number): boolean {
  return type === PTR_TO_SOCKET || type === PTR_TO_SOCK_COMMON || type === PTR_TO_TCP_SOCK || type === PTR_TO_XDP_SOCK;
}

/** Memory that the verifier knows to be there and readable without a fault handler: not BTF pointers. */
export function typeIsNonOwningRef(type: number): boolean {
  return (type & MEM_ALLOC) !== 0 && (type & NON_OWN_REF) !== 0;
}
