import { BPF_OBJ_NAME_LEN } from "@bpf-ts/uapi/object-info";

/** Characters, the terminating 0 not counted. */
export const MAX_OBJECT_NAME: number = BPF_OBJ_NAME_LEN - 1;

/** A name as the kernel takes it: 15 characters at most, others than letters, digits, `_` and `.` replaced. */
export function kernelName(name: string): string {
  return name.slice(0, MAX_OBJECT_NAME).replace(/[^A-Za-z0-9_.]/g, "_");
}
