import type { BtfBuilder } from "@bpf-ts/btf";
import { DELETE_ELEM_TARGET, type MapTraceTarget, UPDATE_ELEM_TARGET } from "@bpf-ts/map-trace";
import type { BasicTypes } from "./basic-types.ts";
import { mdPtr } from "./contexts.ts";
import type { Enums } from "./enums.ts";
import type { KernelStructs } from "./kernel-structs.ts";

/** A function of this kernel that programs can be attached to. */
export interface KernelFunctionDef {
  readonly name: string;
  /** Parameters' names and types, in BTF ids. */
  readonly params: readonly { name: string; type: number }[];
  readonly ret: number;
  /** May fmod_ret programs decide what it returns: an error-injection point. */
  readonly canModifyReturn: boolean;
}

/** System calls that simulated processes make, as the kernel's entry points for them. */
const SYSCALLS: readonly string[] = ["openat", "write", "close", "bpf"];

/** The functions of this kernel. Each has a FUNC in its BTF. */
export function kernelFunctions(basic: BasicTypes, structs: KernelStructs): KernelFunctionDef[] {
  const { ptRegsPtr, bpfMapPtr } = structs;
  const syscall = (name: string): KernelFunctionDef => ({
    name: `__x64_sys_${name}`,
    params: [{ name: "regs", type: ptRegsPtr }],
    ret: basic.long,
    canModifyReturn: true,
  });
  return [
    ...SYSCALLS.map(syscall),
    {
      name: "__sys_bpf",
      params: [
        { name: "cmd", type: basic.int },
        // bpfptr_t is passed in two registers: the pointer, and whether it is the kernel's.
        { name: "uattr", type: basic.voidPtr },
        { name: "is_kernel", type: basic.bool },
        { name: "size", type: basic.u32 },
      ],
      ret: basic.int,
      canModifyReturn: false,
    },
    {
      name: "bpf_map_trace_update_elem",
      params: [
        { name: "map", type: bpfMapPtr },
        { name: "key", type: basic.voidPtr },
        { name: "value", type: basic.voidPtr },
        { name: "map_flags", type: basic.u64 },
      ],
      ret: basic.int,
      canModifyReturn: true,
    },
    {
      name: "bpf_map_trace_delete_elem",
      params: [
        { name: "map", type: bpfMapPtr },
        { name: "key", type: basic.voidPtr },
      ],
      ret: basic.int,
      canModifyReturn: true,
    },
  ];
}

/** Iterator targets: `bpf_iter_<name>` and the context that its programs get. */
export function addIteratorHooks(builder: BtfBuilder, basic: BasicTypes, structs: KernelStructs): void {
  builder.addFunc(
    "bpf_iter_bpf_map_elem",
    builder.addFuncProto(basic.int, [
      { name: "meta", type: structs.iterMetaPtr },
      { name: "map", type: structs.bpfMapPtr },
      { name: "key", type: basic.voidPtr },
      { name: "value", type: basic.voidPtr },
    ]),
  );
}

/** Map tracing's hook functions, context structures, and what `BPF_LINK_CREATE` takes. */
export function addMapTraceTypes(builder: BtfBuilder, basic: BasicTypes, enums: Enums): void {
  builder.addFields("struct", "bpf_map_trace_link_info", [
    { name: "map_fd", type: basic.uapiU32 },
    { name: "trace_type", type: enums.mapTraceType },
    { name: "flags", type: basic.uapiU32 },
  ]);
  const typeOf = (kind: MapTraceTarget["args"][number]["kind"]): number =>
    kind === "u64" ? basic.u64 : kind === "long" ? basic.long : basic.voidPtr;
  for (const target of [UPDATE_ELEM_TARGET, DELETE_ELEM_TARGET]) {
    const params = target.args.map(({ name, kind }) => ({ name, type: typeOf(kind) }));
    builder.addFields(
      "struct",
      target.contextStruct,
      target.args.map(({ name, kind }) =>
        kind === "key" || kind === "value" ? mdPtr(builder, name, basic.voidPtr) : { name, type: typeOf(kind) },
      ),
    );
    builder.addFunc(target.hookFunc, builder.addFuncProto(basic.int, params));
  }
}
