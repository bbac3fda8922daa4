/** The running Linux kernel behind the `Bpf` interface. */
export { LinuxError } from "./error.ts";
export { LinuxKernel } from "./linux.ts";
