import type { Memory } from "@bpf-ts/memory";
import { TASK_COMM_LEN } from "../kernel-btf/kernel-structs.ts";

/** `struct task_struct` as this kernel's BTF describes it: byte offsets. */
export const TASK_STRUCT = { pid: 0, tgid: 4, comm: 8 } as const;
const TASK_STRUCT_SIZE = 24;

/** Makes a process' `struct task_struct`, which programs can read. Whoever calls frees it. @throws MemoryError ENOMEM */
export function makeTaskStruct(memory: Memory, task: { pid: number; tgid: number; comm: string }): number {
  const at = memory.alloc(TASK_STRUCT_SIZE, { label: "task_struct", writable: false });
  memory.setU32(at + TASK_STRUCT.pid, task.pid);
  memory.setU32(at + TASK_STRUCT.tgid, task.tgid);
  memory.u8.set(new TextEncoder().encode(task.comm).subarray(0, TASK_COMM_LEN - 1), at + TASK_STRUCT.comm);
  return at;
}
