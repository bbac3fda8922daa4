/**
 * Raw tracepoints whose arguments are less than what their types promise.
 *
 * @see v6.18 kernel/bpf/btf.c, raw_tp_null_args
 */

/** Tracepoints by the 0-based arguments of theirs that may be NULL. */
const NULLABLE: readonly (readonly [args: readonly number[], tracepoints: string])[] = [
  [
    [0],
    `afs_protocol_error cachefiles_io_error cachefiles_lookup cachefiles_mark_active cachefiles_mark_failed
    cachefiles_mark_inactive cachefiles_ondemand_close cachefiles_ondemand_copen cachefiles_ondemand_cread
    cachefiles_ondemand_fd_release cachefiles_ondemand_fd_write cachefiles_ondemand_open cachefiles_ondemand_read
    cachefiles_prep_read cachefiles_rename cachefiles_unlink cachefiles_vfs_error mm_collapse_huge_page_isolate
    mm_page_alloc mm_page_alloc_zone_locked mm_page_pcpu_drain rxrpc_recvdata tmigr_update_events
    xfs_blockgc_flush_all xfs_blockgc_start xfs_blockgc_stop xfs_blockgc_worker xfs_defer_add_item
    xfs_defer_cancel_item xfs_defer_cancel_list xfs_defer_create_intent xfs_defer_finish_item
    xfs_defer_isolate_paused xfs_defer_item_pause xfs_defer_item_unpause xfs_defer_pending_abort
    xfs_defer_pending_finish xfs_defer_relog_intent xfs_fs_sync_fs xfs_inodegc_flush xfs_inodegc_push
    xfs_inodegc_queue xfs_inodegc_start xfs_inodegc_stop xfs_inodegc_throttle xs_stream_read_data`,
  ],
  [[0, 1], "tcp_send_reset"],
  [
    [1],
    `afs_flock_ev afs_make_fs_call afs_make_fs_call1 afs_make_fs_call2 afs_make_fs_calli break_lease_block
    break_lease_noblock break_lease_unblock device_pm_callback_start ext4_mballoc_discard ext4_mballoc_free
    fcntl_setlk flock_lock_inode folio_wait_writeback generic_delete_lease hugetlbfs_alloc_inode
    locks_remove_posix mm_khugepaged_collapse_file mm_khugepaged_scan_file mm_khugepaged_scan_pmd netfs_failure
    posix_lock_inode rxrpc_resend sched_pi_setprio time_out_leases writeback_dirty_folio xfs_blockgc_free_space
    xfs_ioc_free_eofblocks xprt_get_cong xprt_put_cong xprt_release_cong xprt_reserve_cong`,
  ],
  [
    [2],
    `fib_table_lookup sched_stick_numa sched_swap_numa tcp_sendmsg_locked tegra_dma_tx_status
    xfs_btree_overlapped_query_range xfs_btree_updkeys`,
  ],
  [[3], "kfree_skb qdisc_dequeue"],
  [[4], "host1x_cdma_push_gather xfs_map_blocks_alloc xfs_map_blocks_found"],
];

/** Arguments that may be an error number in a pointer's place. */
const POINTER_OR_ERROR: ReadonlyMap<string, readonly number[]> = new Map([
  ["cachefiles_lookup", [2]],
  ["mr_integ_alloc", [3]],
]);

const NULLABLE_ARGS: ReadonlyMap<string, readonly number[]> = new Map(
  NULLABLE.flatMap(([args, names]) => names.split(/\s+/).map((name) => [name, args] as const)),
);

/** Whether argument `arg` (0-based, without the tracepoint's own data pointer) of a raw tracepoint may be NULL. */
export function rawTpArgMayBeNull(tracepoint: string, arg: number): boolean {
  return NULLABLE_ARGS.get(tracepoint)?.includes(arg) ?? false;
}

/** Whether it may be an error number, so that it can't be taken for a pointer. */
export function rawTpArgMayBeError(tracepoint: string, arg: number): boolean {
  return POINTER_OR_ERROR.get(tracepoint)?.includes(arg) ?? false;
}
