/** Helpers of BPF timers. */
import type { HelperProto } from "../helper-proto.ts";
import { ANY, FUNC, MAP, TIMER } from "./arg.ts";
import { INTEGER } from "./ret.ts";

/** `struct bpf_timer` in a map value. */
export const TIMER_HELPERS: readonly HelperProto[] = [
  {
    id: 169,
    name: "timer_init",
    signature: "long bpf_timer_init(struct bpf_timer *timer, void *map, __u64 flags)",
    args: [TIMER, MAP, ANY],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 170,
    name: "timer_set_callback",
    signature: "long bpf_timer_set_callback(struct bpf_timer *timer, void *callback_fn)",
    args: [TIMER, FUNC],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 171,
    name: "timer_start",
    signature: "long bpf_timer_start(struct bpf_timer *timer, __u64 nsecs, __u64 flags)",
    args: [TIMER, ANY, ANY],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 172,
    name: "timer_cancel",
    signature: "long bpf_timer_cancel(struct bpf_timer *timer)",
    args: [TIMER],
    ret: INTEGER,
    gplOnly: true,
  },
];
