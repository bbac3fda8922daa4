import type { BtfBuilder } from "@bpf-ts/btf";
import { PT_REGS } from "../process/pt-regs.ts";
import type { BasicTypes } from "./basic-types.ts";
import { mdPtr } from "./contexts.ts";

/** Ids of kernel structures that functions take. */
export interface KernelStructs {
  readonly ptRegsPtr: number;
  readonly bpfMapPtr: number;
  readonly taskPtr: number;
  readonly iterMetaPtr: number;
}

/** Bytes of `comm`, the NUL included. */
export const TASK_COMM_LEN = 16;

/**
 * Kernel structures as they lie in this machine's memory: what typed pointers reach. `struct bpf_map` is the header of a map; `struct task_struct`
 * has the members that programs ask for most.
 */
export function addKernelStructs(builder: BtfBuilder, basic: BasicTypes): KernelStructs {
  const { u32, u64, int, index } = basic;
  const ptRegs = builder.addFields(
    "struct",
    "pt_regs",
    Object.keys(PT_REGS).map((name) => ({ name, type: basic.unsignedLong })),
  );
  const bpfMap = builder.addFields("struct", "bpf_map", [
    { name: "map_type", type: u32 },
    { name: "key_size", type: u32 },
    { name: "value_size", type: u32 },
    { name: "max_entries", type: u32 },
    { name: "map_flags", type: u32 },
    { name: "id", type: u32 },
    { name: "numa_node", type: int },
    { name: "tracers", type: u32 },
    { name: "map_extra", type: u64 },
    { name: "name", type: builder.addArray(basic.char, 16, index) },
  ]);
  const task = builder.addFields("struct", "task_struct", [
    { name: "pid", type: int },
    { name: "tgid", type: int },
    { name: "comm", type: builder.addArray(basic.char, TASK_COMM_LEN, index) },
  ]);
  const seqFile = builder.addFields("struct", "seq_file", [
    { name: "buf", type: basic.charPtr },
    { name: "size", type: basic.unsignedLong },
    { name: "from", type: basic.unsignedLong },
    { name: "count", type: basic.unsignedLong },
  ]);
  const iterMeta = builder.addFields("struct", "bpf_iter_meta", [
    mdPtr(builder, "seq", builder.addPtr(seqFile)),
    { name: "session_id", type: u64 },
    { name: "seq_num", type: u64 },
  ]);
  const bpfMapPtr = builder.addPtr(bpfMap);
  const iterMetaPtr = builder.addPtr(iterMeta);
  builder.addFields("struct", "bpf_iter__bpf_map_elem", [
    mdPtr(builder, "meta", iterMetaPtr),
    mdPtr(builder, "map", bpfMapPtr),
    mdPtr(builder, "key", basic.voidPtr),
    mdPtr(builder, "value", basic.voidPtr),
  ]);
  builder.addFields("struct", "bpf_raw_tracepoint_args", [{ name: "args", type: builder.addArray(u64, 0, index) }]);
  return {
    ptRegsPtr: builder.addPtr(builder.addConst(ptRegs)),
    bpfMapPtr,
    taskPtr: builder.addPtr(task),
    iterMetaPtr,
  };
}
