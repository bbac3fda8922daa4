import {
  KF_ACQUIRE,
  KF_FASTCALL,
  KF_ITER_DESTROY,
  KF_ITER_NEW,
  KF_ITER_NEXT,
  KF_RCU,
  KF_RCU_PROTECTED,
  KF_RELEASE,
  KF_RET_NULL,
  KF_SLEEPABLE,
  KF_TRUSTED_ARGS,
} from "./flags.ts";

/**
 * The kernel functions that programs may call: which programs, and flags. Facts of Linux 6.18, the hooks as a running kernel answers.
 *
 * @see v6.18 `BTF_ID_FLAGS` and `register_btf_kfunc_id_set` in kernel/bpf, kernel/trace, kernel/cgroup, net, fs
 */

/** Groups of program types that functions are made available to. @see v6.18 kernel/bpf/btf.c, bpf_prog_type_to_kfunc_hook */
export type KfuncHook =
  | "cgroup"
  | "iter"
  | "kprobe"
  | "lsm"
  | "lwt"
  | "netfilter"
  | "sched_act"
  | "sched_cls"
  | "sk_skb"
  | "socket_filter"
  | "struct_ops"
  | "syscall"
  | "tracing"
  | "xdp";

type Rows = readonly (readonly [flags: number, names: string])[];

interface Family {
  /** Absent: every program type. */
  readonly hooks?: readonly KfuncHook[];
  readonly rows: Rows;
}

const FAMILIES: readonly Family[] = [
  // Programs of every type.
  {
    rows: [
      [
        0,
        `bpf_dynptr_adjust bpf_dynptr_clone bpf_dynptr_copy bpf_dynptr_is_null bpf_dynptr_is_rdonly
        bpf_dynptr_memset bpf_dynptr_size bpf_local_irq_restore bpf_local_irq_save bpf_modify_return_test_tp
        bpf_preempt_disable bpf_preempt_enable bpf_probe_read_kernel_dynptr bpf_probe_read_kernel_str_dynptr
        bpf_probe_read_user_dynptr bpf_probe_read_user_str_dynptr bpf_rcu_read_lock bpf_rcu_read_unlock
        bpf_res_spin_unlock bpf_res_spin_unlock_irqrestore bpf_strcasecmp bpf_strchr bpf_strchrnul bpf_strcmp
        bpf_strcspn bpf_strlen bpf_strnchr bpf_strnlen bpf_strnstr bpf_strrchr bpf_strspn bpf_strstr bpf_wq_init
        bpf_wq_set_callback_impl bpf_wq_start`,
      ],
      [KF_FASTCALL, "bpf_cast_to_kern_ctx bpf_rdonly_cast"],
      [
        KF_ITER_DESTROY,
        `bpf_iter_bits_destroy bpf_iter_css_destroy bpf_iter_css_task_destroy bpf_iter_num_destroy
        bpf_iter_task_destroy bpf_iter_task_vma_destroy`,
      ],
      [KF_ITER_DESTROY | KF_SLEEPABLE, "bpf_iter_dmabuf_destroy bpf_iter_kmem_cache_destroy"],
      [KF_ITER_NEW, "bpf_iter_bits_new bpf_iter_num_new"],
      [KF_ITER_NEW | KF_RCU, "bpf_iter_task_vma_new"],
      [KF_ITER_NEW | KF_SLEEPABLE, "bpf_iter_dmabuf_new bpf_iter_kmem_cache_new"],
      [KF_ITER_NEW | KF_TRUSTED_ARGS, "bpf_iter_css_task_new"],
      [KF_ITER_NEW | KF_TRUSTED_ARGS | KF_RCU_PROTECTED, "bpf_iter_css_new bpf_iter_task_new"],
      [
        KF_ITER_NEXT | KF_RET_NULL,
        `bpf_iter_bits_next bpf_iter_css_next bpf_iter_css_task_next bpf_iter_num_next bpf_iter_task_next
        bpf_iter_task_vma_next`,
      ],
      [KF_ITER_NEXT | KF_RET_NULL | KF_SLEEPABLE, "bpf_iter_dmabuf_next bpf_iter_kmem_cache_next"],
      [KF_RCU, "bpf_cgroup_read_xattr"],
      [
        KF_RET_NULL,
        `bpf_dynptr_slice bpf_dynptr_slice_rdwr bpf_get_kmem_cache bpf_res_spin_lock bpf_res_spin_lock_irqsave`,
      ],
      [
        KF_SLEEPABLE,
        `bpf_copy_from_user_dynptr bpf_copy_from_user_str bpf_copy_from_user_str_dynptr bpf_copy_from_user_task_str`,
      ],
      [KF_SLEEPABLE | KF_TRUSTED_ARGS, "bpf_copy_from_user_task_dynptr bpf_copy_from_user_task_str_dynptr"],
      [
        KF_TRUSTED_ARGS,
        `bpf_arena_reserve_pages bpf_map_sum_elem_count bpf_stream_vprintk_impl bpf_task_work_schedule_resume_impl
        bpf_task_work_schedule_signal_impl bpf_xdp_metadata_rx_hash bpf_xdp_metadata_rx_timestamp
        bpf_xdp_metadata_rx_vlan_tag`,
      ],
      [KF_TRUSTED_ARGS | KF_SLEEPABLE, "bpf_arena_alloc_pages bpf_arena_free_pages"],
    ],
  },
  // References, objects, exceptions.
  {
    hooks: ["sched_cls", "xdp", "tracing", "cgroup", "syscall", "struct_ops"],
    rows: [
      [0, `bpf_list_push_back_impl bpf_list_push_front_impl bpf_rbtree_add_impl bpf_throw`],
      [
        KF_ACQUIRE | KF_RCU | KF_RET_NULL,
        `bpf_cgroup_acquire bpf_cgroup_ancestor bpf_task_acquire bpf_task_get_cgroup1`,
      ],
      [
        KF_ACQUIRE | KF_RET_NULL,
        `bpf_cgroup_from_id bpf_list_pop_back bpf_list_pop_front bpf_lookup_system_key bpf_obj_new_impl
        bpf_percpu_obj_new_impl bpf_rbtree_remove bpf_task_from_pid bpf_task_from_vpid`,
      ],
      [KF_ACQUIRE | KF_RET_NULL | KF_RCU, "bpf_refcount_acquire_impl"],
      [KF_ACQUIRE | KF_RET_NULL | KF_SLEEPABLE, "bpf_lookup_user_key"],
      [KF_RCU, "bpf_task_under_cgroup"],
      [KF_RELEASE, `bpf_cgroup_release bpf_key_put bpf_obj_drop_impl bpf_percpu_obj_drop_impl bpf_task_release`],
      [KF_RET_NULL, `bpf_list_back bpf_list_front bpf_rbtree_first bpf_rbtree_left bpf_rbtree_right bpf_rbtree_root`],
      [KF_TRUSTED_ARGS, "bpf_send_signal_task"],
    ],
  },
  // CPU masks.
  {
    hooks: ["tracing", "syscall", "struct_ops"],
    rows: [
      [KF_ACQUIRE | KF_RET_NULL, "bpf_cpumask_create"],
      [KF_ACQUIRE | KF_TRUSTED_ARGS, "bpf_cpumask_acquire"],
      [
        KF_RCU,
        `bpf_cpumask_and bpf_cpumask_any_and_distribute bpf_cpumask_any_distribute bpf_cpumask_clear
        bpf_cpumask_clear_cpu bpf_cpumask_copy bpf_cpumask_empty bpf_cpumask_equal bpf_cpumask_first
        bpf_cpumask_first_and bpf_cpumask_first_zero bpf_cpumask_full bpf_cpumask_intersects bpf_cpumask_or
        bpf_cpumask_populate bpf_cpumask_set_cpu bpf_cpumask_setall bpf_cpumask_subset
        bpf_cpumask_test_and_clear_cpu bpf_cpumask_test_and_set_cpu bpf_cpumask_test_cpu bpf_cpumask_weight
        bpf_cpumask_xor`,
      ],
      [KF_RELEASE, "bpf_cpumask_release"],
    ],
  },
  // Making cipher contexts.
  {
    hooks: ["syscall"],
    rows: [
      [KF_ACQUIRE | KF_RCU | KF_RET_NULL, "bpf_crypto_ctx_acquire"],
      [KF_ACQUIRE | KF_RET_NULL | KF_SLEEPABLE, "bpf_crypto_ctx_create"],
      [KF_RELEASE, "bpf_crypto_ctx_release"],
    ],
  },
  // Using them.
  {
    hooks: ["sched_cls", "sched_act", "xdp"],
    rows: [[KF_RCU, "bpf_crypto_decrypt bpf_crypto_encrypt"]],
  },
  // Connection tracking.
  {
    hooks: ["xdp", "sched_cls"],
    rows: [
      [KF_ACQUIRE | KF_RET_NULL, "bpf_skb_ct_alloc bpf_skb_ct_lookup bpf_xdp_ct_alloc bpf_xdp_ct_lookup"],
      [KF_ACQUIRE | KF_RET_NULL | KF_RELEASE, "bpf_ct_insert_entry"],
      [KF_RELEASE, "bpf_ct_release"],
      [
        KF_TRUSTED_ARGS,
        `bpf_ct_change_status bpf_ct_change_timeout bpf_ct_set_nat_info bpf_ct_set_status bpf_ct_set_timeout`,
      ],
    ],
  },
  // Socket buffers.
  {
    hooks: ["sched_cls", "sched_act", "sk_skb", "socket_filter", "cgroup", "lwt", "netfilter", "tracing"],
    rows: [[KF_TRUSTED_ARGS, "bpf_dynptr_from_skb"]],
  },
  // Metadata of socket buffers.
  {
    hooks: ["sched_cls", "sched_act"],
    rows: [[KF_TRUSTED_ARGS, "bpf_dynptr_from_skb_meta"]],
  },
  // Frames.
  {
    hooks: ["xdp"],
    rows: [
      [0, "bpf_dynptr_from_xdp bpf_xdp_pull_data"],
      [KF_RELEASE, "bpf_xdp_xfrm_state_release"],
      [KF_RET_NULL | KF_ACQUIRE, "bpf_xdp_get_xfrm_state"],
    ],
  },
  // The kernel's own tests.
  {
    hooks: ["sched_cls", "tracing", "syscall"],
    rows: [[KF_RELEASE, "bpf_kfunc_call_memb_release bpf_kfunc_call_test_release"]],
  },
  // SYN cookies.
  {
    hooks: ["sched_cls"],
    rows: [[KF_TRUSTED_ARGS, "bpf_sk_assign_tcp_reqsk"]],
  },
  // Sockets of control groups.
  {
    hooks: ["cgroup"],
    rows: [
      [0, "bpf_sock_addr_set_sun_path"],
      [KF_TRUSTED_ARGS, "bpf_sock_ops_enable_tx_tstamp"],
    ],
  },
  // Statistics of control groups.
  {
    hooks: ["tracing"],
    rows: [
      [0, "css_rstat_updated"],
      [KF_SLEEPABLE, "css_rstat_flush"],
    ],
  },
  // Sockets that an iterator shows.
  {
    hooks: ["iter"],
    rows: [[KF_TRUSTED_ARGS, "bpf_sock_destroy"]],
  },
  // Sessions of probes.
  {
    hooks: ["kprobe"],
    rows: [[0, "bpf_session_cookie bpf_session_is_return"]],
  },
  // Files, paths, extended attributes.
  {
    hooks: ["lsm"],
    rows: [
      [KF_ACQUIRE | KF_TRUSTED_ARGS | KF_RET_NULL, "bpf_get_task_exe_file"],
      [KF_RELEASE, "bpf_put_file"],
      [
        KF_SLEEPABLE | KF_TRUSTED_ARGS,
        `bpf_get_dentry_xattr bpf_get_file_xattr bpf_remove_dentry_xattr bpf_set_dentry_xattr`,
      ],
      [KF_TRUSTED_ARGS, "bpf_path_d_path"],
    ],
  },
  // Congestion control.
  {
    hooks: ["struct_ops"],
    rows: [
      [
        0,
        `bbr_cwnd_event bbr_init bbr_main bbr_min_tso_segs bbr_set_state bbr_sndbuf_expand bbr_ssthresh
        bbr_undo_cwnd cubictcp_acked cubictcp_cong_avoid cubictcp_cwnd_event cubictcp_init
        cubictcp_recalc_ssthresh cubictcp_state tcp_cong_avoid_ai tcp_reno_cong_avoid tcp_reno_ssthresh
        tcp_reno_undo_cwnd tcp_slow_start`,
      ],
    ],
  },
];

/** One kernel function. */
export interface KfuncRow {
  /** KF_* */
  readonly flags: number;
  /** Absent: every program type. */
  readonly hooks?: readonly KfuncHook[];
}

const KFUNCS: ReadonlyMap<string, KfuncRow> = new Map(
  FAMILIES.flatMap(({ hooks, rows }) =>
    rows.flatMap(([flags, names]) =>
      names.split(/\s+/).map((name) => [name, hooks === undefined ? { flags } : { flags, hooks }] as const),
    ),
  ),
);

/** The row of a kernel function, undefined where there is none of that name. */
export function kfuncByName(name: string): KfuncRow | undefined {
  return KFUNCS.get(name);
}
