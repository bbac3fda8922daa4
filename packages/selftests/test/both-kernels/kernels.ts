import { createKernel, type Kernel } from "@bpf-ts/kernel";
import { LinuxKernel } from "@bpf-ts/linux";
import { type Bpf, BpfError } from "@bpf-ts/uapi";
import { BPF_MAP_TYPE_ARRAY } from "@bpf-ts/uapi/map-types";

/** A kernel that a suite runs on. */
export interface KernelUnderTest {
  /** With the reason, if it is skipped. */
  readonly name: string;
  readonly skip: boolean;
  /** A fresh one, where there is such a thing. */
  open(): OpenKernel;
}

/** A kernel, and what is left in it. */
export interface OpenKernel {
  readonly bpf: Bpf;
  /** Objects and fds that are alive; [] for the running kernel, which has others as well. */
  describeLive(): string[];
}

/** The running kernel, or why there is none to talk to. */
export function runningLinux(): LinuxKernel | string {
  try {
    // Test runs stay on one CPU, as those of the in-process kernel do.
    const kernel = new LinuxKernel({ cpu: 0 });
    const probe = { type: BPF_MAP_TYPE_ARRAY, name: "", keySize: 4, valueSize: 4, maxEntries: 1, mapFlags: 0 };
    kernel.close(kernel.mapCreate(probe));
    return kernel;
  } catch (error) {
    if (error instanceof BpfError) return error.message;
    throw error;
  }
}

/** The in-process kernel and the running one. */
export function kernels(): readonly KernelUnderTest[] {
  const running = runningLinux();
  const skip = typeof running === "string";
  return [
    { name: "in-process", skip: false, open: (): Kernel => createKernel() },
    {
      name: skip ? `running Linux (skipped: ${running})` : "running Linux",
      skip,
      open: () => ({ bpf: running as LinuxKernel, describeLive: () => [] }),
    },
  ];
}
