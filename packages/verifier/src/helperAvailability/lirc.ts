/**
 * Helpers of infrared receivers: these alone, the base does not apply.
 *
 * @see v6.18 drivers/media/rc/bpf-lirc.c, lirc_mode2_func_proto
 */
import {
  BPF_FUNC_get_prandom_u32,
  BPF_FUNC_ktime_get_boot_ns,
  BPF_FUNC_ktime_get_ns,
  BPF_FUNC_map_delete_elem,
  BPF_FUNC_map_lookup_elem,
  BPF_FUNC_map_peek_elem,
  BPF_FUNC_map_pop_elem,
  BPF_FUNC_map_push_elem,
  BPF_FUNC_map_update_elem,
  BPF_FUNC_rc_keydown,
  BPF_FUNC_rc_pointer_rel,
  BPF_FUNC_rc_repeat,
  BPF_FUNC_tail_call,
  BPF_FUNC_trace_printk,
} from "@bpf-ts/uapi/helper-ids";
import { BY_PERFMON, helperSet } from "./sets.ts";
import type { HelperSet } from "./types.ts";

export const LIRC_HELPERS: HelperSet = helperSet(
  [
    BPF_FUNC_map_lookup_elem,
    BPF_FUNC_map_update_elem,
    BPF_FUNC_map_delete_elem,
    BPF_FUNC_map_push_elem,
    BPF_FUNC_map_pop_elem,
    BPF_FUNC_map_peek_elem,
    BPF_FUNC_ktime_get_ns,
    BPF_FUNC_ktime_get_boot_ns,
    BPF_FUNC_tail_call,
    BPF_FUNC_get_prandom_u32,
  ],
  [
    [BPF_FUNC_rc_repeat, "rc_repeat"],
    [BPF_FUNC_rc_keydown, "rc_keydown"],
    [BPF_FUNC_rc_pointer_rel, "rc_pointer_rel"],
    [BPF_FUNC_trace_printk, BY_PERFMON],
  ],
);
