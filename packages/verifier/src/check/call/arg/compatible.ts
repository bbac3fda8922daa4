import type { ArgKind } from "@bpf-ts/uapi";
import {
  CONST_PTR_TO_DYNPTR,
  CONST_PTR_TO_MAP,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_RINGBUF,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_FUNC,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_STACK,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
  PTR_TRUSTED,
  SCALAR_VALUE,
} from "../../../state/reg-type.ts";

/**
 * Register types that each kind of argument takes, in the order in which the log lists them (`expected=fp, pkt, …`).
 *
 * @see v6.18 kernel/bpf/verifier.c, compatible_reg_types
 */

const SOCKS = [PTR_TO_SOCK_COMMON, PTR_TO_SOCKET, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK];
const BTF_SOCKS = [...SOCKS, PTR_TO_BTF_ID, PTR_TO_BTF_ID | PTR_TRUSTED];
/** Whatever is memory of a size that the verifier knows. */
export const MEM_TYPES: readonly number[] = [
  PTR_TO_STACK,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_MEM | MEM_RINGBUF,
  PTR_TO_BUF,
  PTR_TO_BTF_ID | PTR_TRUSTED,
];
const MAP_VALUE_OR_OBJECT = [PTR_TO_MAP_VALUE, PTR_TO_BTF_ID | MEM_ALLOC];
const SCALAR = [SCALAR_VALUE];

/** Undefined: kinds whose argument is not checked by type, or that no helper has. */
export const COMPATIBLE_TYPES: Readonly<Record<ArgKind, readonly number[] | undefined>> = {
  DONTCARE: undefined,
  ANYTHING: undefined,
  ARENA: undefined,
  CONST_MAP_PTR: [CONST_PTR_TO_MAP],
  MAP_KEY: MEM_TYPES,
  MAP_VALUE: MEM_TYPES,
  MEM: MEM_TYPES,
  CONST_SIZE: SCALAR,
  CONST_SIZE_OR_ZERO: SCALAR,
  CONST_ALLOC_SIZE_OR_ZERO: SCALAR,
  CTX: [PTR_TO_CTX],
  SPIN_LOCK: MAP_VALUE_OR_OBJECT,
  SOCK_COMMON: SOCKS,
  SOCKET: [PTR_TO_SOCKET],
  BTF_ID: [PTR_TO_BTF_ID, PTR_TO_BTF_ID | PTR_TRUSTED, PTR_TO_BTF_ID | MEM_RCU],
  BTF_ID_SOCK_COMMON: BTF_SOCKS,
  PERCPU_BTF_ID: [
    PTR_TO_BTF_ID | MEM_PERCPU,
    PTR_TO_BTF_ID | MEM_PERCPU | MEM_RCU,
    PTR_TO_BTF_ID | MEM_PERCPU | PTR_TRUSTED,
  ],
  RINGBUF_MEM: [PTR_TO_MEM | MEM_RINGBUF],
  FUNC: [PTR_TO_FUNC],
  STACK: [PTR_TO_STACK],
  CONST_STR: [PTR_TO_MAP_VALUE],
  TIMER: [PTR_TO_MAP_VALUE],
  KPTR_XCHG_DEST: MAP_VALUE_OR_OBJECT,
  DYNPTR: [PTR_TO_STACK, CONST_PTR_TO_DYNPTR],
};
