import { LinuxKernel } from "@bpf-ts/linux";

/** The name of the running kernel in the table. */
export const LINUX = "running kernel";

/** The running kernel. @throws BpfError where bpf(2) cannot be called */
export function openLinux(): LinuxKernel {
  return new LinuxKernel();
}
