import { EACCES } from "@bpf-ts/uapi/errno";
import { constSigned, formatTnum, isConst, sumIsAligned } from "../../domain/index.ts";
import { reject } from "../../reject.ts";
import type { Env } from "../../state/env.ts";
import type { RegState } from "../../state/reg-state.ts";
import {
  PTR_TO_ARENA,
  PTR_TO_CTX,
  PTR_TO_FLOW_KEYS,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_STACK,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
} from "../../state/reg-type.ts";

/** Bytes by which the network stack shifts packets, so that IP headers are aligned. */
const NET_IP_ALIGN = 2;

const NAMES: Readonly<Record<number, string>> = {
  [PTR_TO_FLOW_KEYS]: "flow keys ",
  [PTR_TO_MAP_KEY]: "key ",
  [PTR_TO_MAP_VALUE]: "value ",
  [PTR_TO_CTX]: "context ",
  [PTR_TO_STACK]: "stack ",
  [PTR_TO_SOCKET]: "sock ",
  [PTR_TO_SOCK_COMMON]: "sock_common ",
  [PTR_TO_TCP_SOCK]: "tcp_sock ",
  [PTR_TO_XDP_SOCK]: "xdp_sock ",
};

function aligned(r: RegState, fixed: number, size: number): boolean {
  if (isConst(r.scalar)) return (constSigned(r.scalar) + BigInt(fixed)) % BigInt(size) === 0n;
  return sumIsAligned(r.scalar, fixed, size);
}

/**
 * Accesses at multiples of their size: always on the stack, elsewhere if the program or the instruction asks for it.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_ptr_alignment
 */
export function checkAlignment(env: Env, r: RegState, off: number, size: number, strictOnce: boolean): void {
  const { type } = r;
  if (size === 1 || type === PTR_TO_ARENA) return;
  if (!env.strictAlignment && !strictOnce && type !== PTR_TO_STACK) return;
  const varOff = (): string => formatTnum(r.scalar.tnum);
  if (type === PTR_TO_PACKET || type === PTR_TO_PACKET_META) {
    if (aligned(r, NET_IP_ALIGN + r.off + off, size)) return;
    const text = `misaligned packet access off ${NET_IP_ALIGN}+${varOff()}+${r.off}+${off} size ${size}`;
    reject(env, env.insnIdx, "memory", EACCES, text);
  }
  if (aligned(r, r.off + off, size)) return;
  const text = `misaligned ${NAMES[type] ?? ""}access off ${varOff()}+${r.off}+${off} size ${size}`;
  reject(env, env.insnIdx, "memory", EACCES, text);
}
