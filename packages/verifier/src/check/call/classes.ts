import {
  BPF_FUNC_dynptr_data,
  BPF_FUNC_kptr_xchg,
  BPF_FUNC_map_lookup_elem,
  BPF_FUNC_ringbuf_reserve,
  BPF_FUNC_sk_fullsock,
  BPF_FUNC_sk_lookup_tcp,
  BPF_FUNC_sk_lookup_udp,
  BPF_FUNC_skc_lookup_tcp,
  BPF_FUNC_skc_to_mptcp_sock,
  BPF_FUNC_skc_to_tcp_request_sock,
  BPF_FUNC_skc_to_tcp_sock,
  BPF_FUNC_skc_to_tcp_timewait_sock,
  BPF_FUNC_skc_to_tcp6_sock,
  BPF_FUNC_skc_to_udp6_sock,
  BPF_FUNC_tcp_sock,
} from "@bpf-ts/uapi/helper-ids";
import { BPF_MAP_TYPE_SOCKHASH, BPF_MAP_TYPE_SOCKMAP } from "@bpf-ts/uapi/map-types";

/**
 * Helpers whose calls the verifier treats alike, where their prototype does not say so.
 *
 * @see v6.18 kernel/bpf/verifier.c, is_acquire_function, is_ptr_cast_function, is_dynptr_ref_function
 */

const ACQUIRE: ReadonlySet<number> = new Set([
  BPF_FUNC_sk_lookup_tcp,
  BPF_FUNC_sk_lookup_udp,
  BPF_FUNC_skc_lookup_tcp,
  BPF_FUNC_ringbuf_reserve,
  BPF_FUNC_kptr_xchg,
]);

const PTR_CAST: ReadonlySet<number> = new Set([
  BPF_FUNC_tcp_sock,
  BPF_FUNC_sk_fullsock,
  BPF_FUNC_skc_to_tcp_sock,
  BPF_FUNC_skc_to_tcp6_sock,
  BPF_FUNC_skc_to_udp6_sock,
  BPF_FUNC_skc_to_mptcp_sock,
  BPF_FUNC_skc_to_tcp_timewait_sock,
  BPF_FUNC_skc_to_tcp_request_sock,
]);

/** The result owns a reference that the program must give back. `mapType`: of the map argument, 0 without one. */
export function isAcquireFunction(funcId: number, mapType: number): boolean {
  if (ACQUIRE.has(funcId)) return true;
  return funcId === BPF_FUNC_map_lookup_elem && (mapType === BPF_MAP_TYPE_SOCKMAP || mapType === BPF_MAP_TYPE_SOCKHASH);
}

/** The result is another view of the argument and shares its reference. */
export function isPtrCastFunction(funcId: number): boolean {
  return PTR_CAST.has(funcId);
}

/** The result points into a dynptr's memory and lives as long as it. */
export function isDynptrRefFunction(funcId: number): boolean {
  return funcId === BPF_FUNC_dynptr_data;
}
