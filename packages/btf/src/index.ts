/**
 * BTF, the type information of BPF programs and of the kernel.
 */

export { Btf, type BtfParseOptions } from "./btf.ts";
export { BtfBuilder, type BtfBuilderOptions, type IntEncoding } from "./build/builder.ts";
export type { NewField } from "./build/layout-fields.ts";
export type { BtfTypeSpec } from "./build/spec.ts";
export { type Codec, type CodecOptions, codecFor } from "./codec/codec.ts";
export type { BtfValue } from "./codec/node.ts";
export { BtfError, type BtfErrorCode, MAX_RESOLVE_DEPTH } from "./error.ts";
export {
  BTF_FUNC_EXTERN,
  BTF_FUNC_GLOBAL,
  BTF_FUNC_STATIC,
  BTF_INT_BOOL,
  BTF_INT_CHAR,
  BTF_INT_SIGNED,
  BTF_VAR_GLOBAL_ALLOCATED,
  BTF_VAR_GLOBAL_EXTERN,
  BTF_VAR_STATIC,
  type BtfKind,
} from "./kinds.ts";
export type { MemberPath } from "./layout/member-path.ts";
export { cDeclaration, type RenderCOptions, renderC } from "./render/c.ts";
export { formatMapDump, formatValue, type MapEntry, type MapTypes } from "./render/map-dump.ts";
export { type RenderTypeScriptOptions, renderTypeScript } from "./render/typescript.ts";
export type {
  BtfArray,
  BtfDatasec,
  BtfDeclTag,
  BtfEnum,
  BtfEnum64,
  BtfEnum64Value,
  BtfEnumValue,
  BtfFloat,
  BtfFunc,
  BtfFuncProto,
  BtfFwd,
  BtfInt,
  BtfMember,
  BtfModifier,
  BtfParam,
  BtfPtr,
  BtfSecVar,
  BtfStruct,
  BtfType,
  BtfTypedef,
  BtfTypeTag,
  BtfVar,
  BtfVoid,
} from "./types.ts";
export type { KernelTypes } from "./validate/special-fields.ts";
export { type BtfVerdict, type ValidateOptions, validateBtf } from "./validate/validate.ts";
