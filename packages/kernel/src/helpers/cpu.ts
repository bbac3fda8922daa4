import { UnsupportedError } from "@bpf-ts/uapi";
import type { HelperFactory } from "./env.ts";

/**
 * The CPU that a program runs on, and what is kept for each CPU.
 *
 * @see v6.18 kernel/bpf/helpers.c; kernel/bpf/helpers.c, bpf_per_cpu_ptr
 */

/** `bpf_get_smp_processor_id` */
export const getSmpProcessorId: HelperFactory = () => ({ name: "bpf_get_smp_processor_id", run: (run) => run.cpu });

/** `bpf_get_numa_node_id` */
export const getNumaNodeId: HelperFactory = (k) => ({
  name: "bpf_get_numa_node_id",
  run: (run) => k.numaNode?.(run.cpu) ?? 0,
});

/** `bpf_get_prandom_u32` */
export const getPrandomU32: HelperFactory = (k) => ({
  name: "bpf_get_prandom_u32",
  unsigned: true,
  run: () => k.random.u32(),
});

/** `bpf_per_cpu_ptr`: 0 for a CPU that there is not. */
export const perCpuPtr: HelperFactory = (k) => {
  const address = k.perCpuAddress?.bind(k);
  if (address === undefined) throw new UnsupportedError("helper bpf_per_cpu_ptr");
  return {
    name: "bpf_per_cpu_ptr",
    unsigned: true,
    run: (_run, pointer, cpu) => (cpu >>> 0 >= k.cpus ? 0 : address(pointer >>> 0, cpu >>> 0)),
  };
};

/** `bpf_this_cpu_ptr` */
export const thisCpuPtr: HelperFactory = (k) => {
  const address = k.perCpuAddress?.bind(k);
  if (address === undefined) throw new UnsupportedError("helper bpf_this_cpu_ptr");
  return { name: "bpf_this_cpu_ptr", unsigned: true, run: (run, pointer) => address(pointer >>> 0, run.cpu) };
};
