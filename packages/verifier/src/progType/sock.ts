/**
 * The socket structures behind `sk` fields and helpers' results: what may be read of them. Nothing may be written.
 *
 * @see v6.18 net/core/filter.c, bpf_sock_is_valid_access, bpf_sock_common_is_valid_access, bpf_tcp_sock_is_valid_access,
 * bpf_xdp_sock_is_valid_access
 */
import { type FieldRow, NARROW_4, readableRows } from "./fields.ts";

/** Bytes of `struct bpf_sock`. */
const BPF_SOCK_SIZE = 80;

const FAMILY: FieldRow = { from: 4, to: 8, read: NARROW_4, fieldSize: 4, start: true };

/** type and protocol: whole, or a part that begins where they begin. */
const TYPE_PROTOCOL: readonly FieldRow[] = [
  { from: 8, to: 12, read: NARROW_4, fieldSize: 4, start: true },
  { from: 12, to: 16, read: NARROW_4, fieldSize: 4, start: true },
];

export const SOCK_SRC_IP4: FieldRow = { from: 24, to: 28, read: NARROW_4, fieldSize: 4 };
export const SOCK_SRC_IP6: FieldRow = { from: 28, to: 44, read: NARROW_4, fieldSize: 4 };
export const SOCK_SRC_PORT: FieldRow = { from: 44, to: 48, read: NARROW_4, fieldSize: 4, start: true };

/** dst_port (2 bytes and, as a whole, its padding) … rx_queue_mapping. */
const DST_TO_END: readonly FieldRow[] = [
  { from: 48, to: 50, read: 3, fieldSize: 2 },
  { from: 48, to: 52, read: 4, fieldSize: 4 },
  { from: 52, to: 72, read: NARROW_4, fieldSize: 4 },
  { from: 72, to: 76, read: NARROW_4, fieldSize: 4, start: true },
  { from: 76, to: BPF_SOCK_SIZE, read: NARROW_4, fieldSize: 4, start: true },
];

/** Fields of `struct bpf_sock` that every cgroup_sock program may read. */
export const SOCK_ALWAYS: readonly FieldRow[] = [FAMILY, ...TYPE_PROTOCOL, ...DST_TO_END];

const BOUND_DEV_IF: FieldRow = { from: 0, to: 4, read: 4 };
const SOURCE: readonly FieldRow[] = [SOCK_SRC_IP4, SOCK_SRC_IP6, SOCK_SRC_PORT];

/** `struct bpf_sock`, its part that every socket has, `struct bpf_tcp_sock`, `struct bpf_xdp_sock`. */
export type SockStruct = "sock" | "sock_common" | "tcp_sock" | "xdp_sock";

const STRUCTS: Readonly<Record<SockStruct, readonly FieldRow[]>> = {
  sock: [BOUND_DEV_IF, ...SOCK_ALWAYS, { from: 16, to: 24, read: 4 }, ...SOURCE],
  sock_common: [BOUND_DEV_IF, FAMILY, ...SOURCE, ...DST_TO_END],
  tcp_sock: [
    { from: 0, to: 80, read: 4 },
    { from: 80, to: 96, read: 8 },
    { from: 96, to: 112, read: 4 },
  ],
  xdp_sock: [{ from: 0, to: 4, read: 4 }],
};

/** `size` bytes at byte `off` of the structure may be read. */
export function sockReadable(struct: SockStruct, off: number, size: number): boolean {
  return readableRows(STRUCTS[struct], off, size);
}
