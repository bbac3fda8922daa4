/** The running Linux kernel behind the `Bpf` interface. */
export { LinuxError } from "./error.ts";
export { LinuxKernel, type LinuxKernelOptions } from "./linux.ts";
