import { UnsupportedError } from "@bpf-ts/uapi";
import {
  BPF_FUNC_copy_from_user,
  BPF_FUNC_csum_diff,
  BPF_FUNC_dynptr_data,
  BPF_FUNC_dynptr_from_mem,
  BPF_FUNC_dynptr_read,
  BPF_FUNC_dynptr_write,
  BPF_FUNC_for_each_map_elem,
  BPF_FUNC_get_attach_cookie,
  BPF_FUNC_get_current_comm,
  BPF_FUNC_get_current_pid_tgid,
  BPF_FUNC_get_current_task,
  BPF_FUNC_get_current_task_btf,
  BPF_FUNC_get_current_uid_gid,
  BPF_FUNC_get_func_arg,
  BPF_FUNC_get_func_arg_cnt,
  BPF_FUNC_get_func_ip,
  BPF_FUNC_get_func_ret,
  BPF_FUNC_get_numa_node_id,
  BPF_FUNC_get_prandom_u32,
  BPF_FUNC_get_smp_processor_id,
  BPF_FUNC_jiffies64,
  BPF_FUNC_ktime_get_boot_ns,
  BPF_FUNC_ktime_get_coarse_ns,
  BPF_FUNC_ktime_get_ns,
  BPF_FUNC_ktime_get_tai_ns,
  BPF_FUNC_l3_csum_replace,
  BPF_FUNC_l4_csum_replace,
  BPF_FUNC_loop,
  BPF_FUNC_map_delete_elem,
  BPF_FUNC_map_lookup_elem,
  BPF_FUNC_map_lookup_percpu_elem,
  BPF_FUNC_map_peek_elem,
  BPF_FUNC_map_pop_elem,
  BPF_FUNC_map_push_elem,
  BPF_FUNC_map_update_elem,
  BPF_FUNC_per_cpu_ptr,
  BPF_FUNC_perf_event_output,
  BPF_FUNC_probe_read,
  BPF_FUNC_probe_read_kernel,
  BPF_FUNC_probe_read_kernel_str,
  BPF_FUNC_probe_read_str,
  BPF_FUNC_probe_read_user,
  BPF_FUNC_probe_read_user_str,
  BPF_FUNC_probe_write_user,
  BPF_FUNC_ringbuf_discard,
  BPF_FUNC_ringbuf_discard_dynptr,
  BPF_FUNC_ringbuf_output,
  BPF_FUNC_ringbuf_query,
  BPF_FUNC_ringbuf_reserve,
  BPF_FUNC_ringbuf_reserve_dynptr,
  BPF_FUNC_ringbuf_submit,
  BPF_FUNC_ringbuf_submit_dynptr,
  BPF_FUNC_seq_printf,
  BPF_FUNC_seq_write,
  BPF_FUNC_skb_load_bytes,
  BPF_FUNC_skb_pull_data,
  BPF_FUNC_skb_store_bytes,
  BPF_FUNC_snprintf,
  BPF_FUNC_spin_lock,
  BPF_FUNC_spin_unlock,
  BPF_FUNC_strncmp,
  BPF_FUNC_strtol,
  BPF_FUNC_strtoul,
  BPF_FUNC_this_cpu_ptr,
  BPF_FUNC_trace_printk,
  BPF_FUNC_trace_vprintk,
  BPF_FUNC_user_ringbuf_drain,
  BPF_FUNC_xdp_adjust_head,
  BPF_FUNC_xdp_adjust_meta,
  BPF_FUNC_xdp_adjust_tail,
  BPF_FUNC_xdp_get_buff_len,
  BPF_FUNC_xdp_load_bytes,
  BPF_FUNC_xdp_store_bytes,
} from "@bpf-ts/uapi/helper-ids";
import { helperById } from "@bpf-ts/uapi/helpers";
import type { HelperEntry } from "@bpf-ts/vm";
import { getNumaNodeId, getPrandomU32, getSmpProcessorId, perCpuPtr, thisCpuPtr } from "./cpu.ts";
import { csumDiff } from "./csum.ts";
import { dynptrData, dynptrFromMem, dynptrRead, dynptrWrite } from "./dynptr.ts";
import type { HelperEnv, HelperFactory } from "./env.ts";
import { forEachMapElem, loop } from "./loops.ts";
import {
  mapDeleteElem,
  mapLookupElem,
  mapLookupPercpuElem,
  mapPeekElem,
  mapPopElem,
  mapPushElem,
  mapUpdateElem,
} from "./map-elem.ts";
import { perfEventOutput } from "./perf-event.ts";
import { seqPrintf, seqWrite, snprintf, tracePrintk, traceVprintk } from "./printing.ts";
import {
  copyFromUser,
  probeReadAny,
  probeReadKernel,
  probeReadKernelStr,
  probeReadStrAny,
  probeReadUser,
  probeReadUserStr,
  probeWriteUser,
} from "./probe-read.ts";
import {
  ringbufDiscard,
  ringbufDiscardDynptr,
  ringbufOutput,
  ringbufQuery,
  ringbufReserve,
  ringbufReserveDynptr,
  ringbufSubmit,
  ringbufSubmitDynptr,
} from "./ringbuf.ts";
import { l3CsumReplace, l4CsumReplace, skbLoadBytes, skbPullData, skbStoreBytes } from "./skb.ts";
import { spinLock, spinUnlock } from "./spin-lock.ts";
import { strncmp, strtol, strtoul } from "./strings.ts";
import { getCurrentComm, getCurrentPidTgid, getCurrentTask, getCurrentTaskBtf, getCurrentUidGid } from "./task.ts";
import { jiffies64, ktimeGetBootNs, ktimeGetCoarseNs, ktimeGetNs, ktimeGetTaiNs } from "./time.ts";
import { getAttachCookie, getFuncArg, getFuncArgCnt, getFuncIp, getFuncRet } from "./traced-function.ts";
import { userRingbufDrain } from "./user-ringbuf.ts";
import { xdpAdjustHead, xdpAdjustMeta, xdpAdjustTail, xdpGetBuffLen, xdpLoadBytes, xdpStoreBytes } from "./xdp.ts";

/** Every helper that this kernel has, by id. `bpf_tail_call` is the machine's own: see `tail-call.ts`. */
export const HELPERS: ReadonlyMap<number, HelperFactory> = new Map([
  [BPF_FUNC_map_lookup_elem, mapLookupElem],
  [BPF_FUNC_map_update_elem, mapUpdateElem],
  [BPF_FUNC_map_delete_elem, mapDeleteElem],
  [BPF_FUNC_map_push_elem, mapPushElem],
  [BPF_FUNC_map_pop_elem, mapPopElem],
  [BPF_FUNC_map_peek_elem, mapPeekElem],
  [BPF_FUNC_map_lookup_percpu_elem, mapLookupPercpuElem],
  [BPF_FUNC_for_each_map_elem, forEachMapElem],
  [BPF_FUNC_loop, loop],
  [BPF_FUNC_probe_read, probeReadAny],
  [BPF_FUNC_probe_read_user, probeReadUser],
  [BPF_FUNC_probe_read_kernel, probeReadKernel],
  [BPF_FUNC_probe_read_str, probeReadStrAny],
  [BPF_FUNC_probe_read_user_str, probeReadUserStr],
  [BPF_FUNC_probe_read_kernel_str, probeReadKernelStr],
  [BPF_FUNC_copy_from_user, copyFromUser],
  [BPF_FUNC_probe_write_user, probeWriteUser],
  [BPF_FUNC_ktime_get_ns, ktimeGetNs],
  [BPF_FUNC_ktime_get_boot_ns, ktimeGetBootNs],
  [BPF_FUNC_ktime_get_coarse_ns, ktimeGetCoarseNs],
  [BPF_FUNC_ktime_get_tai_ns, ktimeGetTaiNs],
  [BPF_FUNC_jiffies64, jiffies64],
  [BPF_FUNC_get_prandom_u32, getPrandomU32],
  [BPF_FUNC_get_smp_processor_id, getSmpProcessorId],
  [BPF_FUNC_get_numa_node_id, getNumaNodeId],
  [BPF_FUNC_per_cpu_ptr, perCpuPtr],
  [BPF_FUNC_this_cpu_ptr, thisCpuPtr],
  [BPF_FUNC_get_current_pid_tgid, getCurrentPidTgid],
  [BPF_FUNC_get_current_uid_gid, getCurrentUidGid],
  [BPF_FUNC_get_current_comm, getCurrentComm],
  [BPF_FUNC_get_current_task, getCurrentTask],
  [BPF_FUNC_get_current_task_btf, getCurrentTaskBtf],
  [BPF_FUNC_trace_printk, tracePrintk],
  [BPF_FUNC_trace_vprintk, traceVprintk],
  [BPF_FUNC_snprintf, snprintf],
  [BPF_FUNC_seq_write, seqWrite],
  [BPF_FUNC_seq_printf, seqPrintf],
  [BPF_FUNC_strtol, strtol],
  [BPF_FUNC_strtoul, strtoul],
  [BPF_FUNC_strncmp, strncmp],
  [BPF_FUNC_spin_lock, spinLock],
  [BPF_FUNC_spin_unlock, spinUnlock],
  [BPF_FUNC_csum_diff, csumDiff],
  [BPF_FUNC_ringbuf_output, ringbufOutput],
  [BPF_FUNC_ringbuf_reserve, ringbufReserve],
  [BPF_FUNC_ringbuf_submit, ringbufSubmit],
  [BPF_FUNC_ringbuf_discard, ringbufDiscard],
  [BPF_FUNC_ringbuf_query, ringbufQuery],
  [BPF_FUNC_ringbuf_reserve_dynptr, ringbufReserveDynptr],
  [BPF_FUNC_ringbuf_submit_dynptr, ringbufSubmitDynptr],
  [BPF_FUNC_ringbuf_discard_dynptr, ringbufDiscardDynptr],
  [BPF_FUNC_user_ringbuf_drain, userRingbufDrain],
  [BPF_FUNC_dynptr_from_mem, dynptrFromMem],
  [BPF_FUNC_dynptr_read, dynptrRead],
  [BPF_FUNC_dynptr_write, dynptrWrite],
  [BPF_FUNC_dynptr_data, dynptrData],
  [BPF_FUNC_perf_event_output, perfEventOutput],
  [BPF_FUNC_skb_load_bytes, skbLoadBytes],
  [BPF_FUNC_skb_store_bytes, skbStoreBytes],
  [BPF_FUNC_skb_pull_data, skbPullData],
  [BPF_FUNC_l3_csum_replace, l3CsumReplace],
  [BPF_FUNC_l4_csum_replace, l4CsumReplace],
  [BPF_FUNC_xdp_get_buff_len, xdpGetBuffLen],
  [BPF_FUNC_xdp_load_bytes, xdpLoadBytes],
  [BPF_FUNC_xdp_store_bytes, xdpStoreBytes],
  [BPF_FUNC_xdp_adjust_head, xdpAdjustHead],
  [BPF_FUNC_xdp_adjust_tail, xdpAdjustTail],
  [BPF_FUNC_xdp_adjust_meta, xdpAdjustMeta],
  [BPF_FUNC_get_func_arg, getFuncArg],
  [BPF_FUNC_get_func_ret, getFuncRet],
  [BPF_FUNC_get_func_arg_cnt, getFuncArgCnt],
  [BPF_FUNC_get_func_ip, getFuncIp],
  [BPF_FUNC_get_attach_cookie, getAttachCookie],
]);

/**
 * A helper for one program.
 *
 * @throws UnsupportedError naming it, where this kernel does not have it, or not for such a program
 */
export function helperEntry(k: HelperEnv, id: number): HelperEntry {
  const factory = HELPERS.get(id);
  if (factory !== undefined) return factory(k);
  const name = helperById(id)?.name;
  throw new UnsupportedError(name === undefined ? `helper #${id}` : `helper bpf_${name}`);
}
