/** Helpers that read clocks. */
import type { HelperProto } from "../helper-proto.ts";
import { INTEGER } from "./ret.ts";

/** Clocks. */
export const TIME_HELPERS: readonly HelperProto[] = [
  { id: 5, name: "ktime_get_ns", signature: "__u64 bpf_ktime_get_ns(void)", args: [], ret: INTEGER },
  { id: 118, name: "jiffies64", signature: "__u64 bpf_jiffies64(void)", args: [], ret: INTEGER },
  { id: 125, name: "ktime_get_boot_ns", signature: "__u64 bpf_ktime_get_boot_ns(void)", args: [], ret: INTEGER },
  { id: 160, name: "ktime_get_coarse_ns", signature: "__u64 bpf_ktime_get_coarse_ns(void)", args: [], ret: INTEGER },
  { id: 208, name: "ktime_get_tai_ns", signature: "__u64 bpf_ktime_get_tai_ns(void)", args: [], ret: INTEGER },
];
