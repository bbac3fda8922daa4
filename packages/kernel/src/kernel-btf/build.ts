import { Btf, BtfBuilder } from "@bpf-ts/btf";
import { addBasicTypes } from "./basic-types.ts";
import { addContexts } from "./contexts.ts";
import { addEnums } from "./enums.ts";
import { addIteratorHooks, addMapTraceTypes, type KernelFunctionDef, kernelFunctions } from "./functions.ts";
import { addKernelStructs } from "./kernel-structs.ts";
import { addStructOps } from "./struct-ops.ts";

/** The kernel's own type information, and the functions that it describes. */
export interface KernelTypes {
  /** BTF, as /sys/kernel/btf/vmlinux would hold it. */
  readonly bytes: Uint8Array;
  readonly functions: readonly KernelFunctionDef[];
}

/**
 * Builds this kernel's BTF. The same in every run.
 */
export function buildKernelTypes(): KernelTypes {
  const builder = new BtfBuilder();
  const basic = addBasicTypes(builder);
  const enums = addEnums(builder);
  addContexts(builder, basic);
  const structs = addKernelStructs(builder, basic);
  addIteratorHooks(builder, basic, structs);
  addMapTraceTypes(builder, basic, enums);
  addStructOps(builder, basic);
  const functions = kernelFunctions(basic, structs);
  for (const { name, params, ret } of functions) builder.addFunc(name, builder.addFuncProto(ret, params));
  return { bytes: builder.encode(), functions };
}

/** The types of every kernel of this kind: built once, because they are the same for all and nobody changes them. */
export const KERNEL_TYPES: KernelTypes = /* @__PURE__ */ buildKernelTypes();

/** The same, as it is read. What it has looked up once it knows for all kernels. */
export const KERNEL_BTF: Btf = /* @__PURE__ */ Btf.parse(KERNEL_TYPES.bytes);
