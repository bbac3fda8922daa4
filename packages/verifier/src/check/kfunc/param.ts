import type { Btf, BtfParam } from "@bpf-ts/btf";

/** What the name of a kernel function's parameter says by its ending. @see v6.18 Documentation/bpf/kfuncs.rst */
export type ParamSuffix =
  | "__alloc"
  | "__ign"
  | "__irq_flag"
  | "__iter"
  | "__k"
  | "__map"
  | "__nullable"
  | "__opt"
  | "__prog"
  | "__refcounted_kptr"
  | "__str"
  | "__sz"
  | "__szk"
  | "__uninit";

/** @see v6.18 kernel/bpf/btf.c, btf_param_match_suffix */
export function hasSuffix(param: BtfParam, suffix: ParamSuffix): boolean {
  return param.name.length > suffix.length && param.name.endsWith(suffix);
}

/** A pointer to the kernel's struct of that name. @see v6.18 kernel/bpf/verifier.c, __is_kfunc_ptr_arg_type */
export function pointsToStruct(btf: Btf, param: BtfParam, struct: string): boolean {
  const at = btf.resolve(param.type);
  if (btf.kindOf(at) !== "ptr") return false;
  const target = btf.resolve(btf.sizeOrTypeOf(at));
  return btf.kindOf(target) === "struct" && btf.nameOf(target) === struct;
}
