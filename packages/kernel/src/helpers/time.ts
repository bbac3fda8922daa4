import { result64 } from "./args.ts";
import type { HelperEnv, HelperFactory } from "./env.ts";

/**
 * Time.
 *
 * @see v6.18 kernel/bpf/helpers.c, bpf_ktime_get_ns and its relatives, bpf_jiffies64
 */

/** Timer interrupts a second: CONFIG_HZ of the kernel that we answer as. */
const HZ = 250n;
const NS_A_TICK = 1_000_000_000n / HZ;
/** Five minutes before the low 32 bits wrap. @see v6.18 include/linux/jiffies.h, INITIAL_JIFFIES */
const INITIAL_JIFFIES = 0x1_0000_0000n - 300n * HZ;

function time(name: string, read: (k: HelperEnv) => bigint): HelperFactory {
  return (k) => ({ name, wide: true, run: (run) => result64(run, read(k)) });
}

/** `bpf_ktime_get_ns` */
export const ktimeGetNs: HelperFactory = time("bpf_ktime_get_ns", (k) => k.clock.monotonicNs());
/** `bpf_ktime_get_boot_ns`: this machine is never suspended. */
export const ktimeGetBootNs: HelperFactory = time("bpf_ktime_get_boot_ns", (k) => k.clock.monotonicNs());
/** `bpf_ktime_get_coarse_ns`: the time of the last timer interrupt. */
export const ktimeGetCoarseNs: HelperFactory = time("bpf_ktime_get_coarse_ns", (k) => {
  const now = k.clock.monotonicNs();
  return now - (now % NS_A_TICK);
});
/** `bpf_ktime_get_tai_ns` */
export const ktimeGetTaiNs: HelperFactory = time("bpf_ktime_get_tai_ns", (k) => k.clock.taiNs());
/** `bpf_jiffies64` */
export const jiffies64: HelperFactory = time(
  "bpf_jiffies64",
  (k) => INITIAL_JIFFIES + k.clock.monotonicNs() / NS_A_TICK,
);
