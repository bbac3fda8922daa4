/** Which helpers a program may call, as pure data and functions of facts about the program. */
import type { ProgFacts } from "../types.ts";

/** In what kernels of one version differ by configuration or lock-down. Everything is off in {@link KERNEL_OPTIONS}. */
export interface HelperKernelOptions {
  /** CONFIG_BPF_KPROBE_OVERRIDE: bpf_override_return. */
  readonly kprobeOverride: boolean;
  /** No lock-down of writes to user memory: bpf_probe_write_user, for CAP_SYS_ADMIN. */
  readonly probeWriteUser: boolean;
}

/**
 * How a program gets a helper: `true` by the row's own prototype, a name by that variant (the key of `HelperProto.variants`), `false` not at
 * all, whatever sets come later.
 */
export type Grant = boolean | string;

/** The grant, or what decides it. */
export type GrantRule = Grant | ((facts: ProgFacts, options: HelperKernelOptions) => Grant);

/** Helpers by number. */
export type HelperSet = ReadonlyMap<number, GrantRule>;
