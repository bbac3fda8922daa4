/**
 * BTF, the type information of BPF programs and of the kernel.
 */

export { Btf, type BtfParseOptions } from "./btf.ts";
export { BtfBuilder, type BtfBuilderOptions, type IntEncoding } from "./build/builder.ts";
export type { NewField } from "./build/layout-fields.ts";
export type { BtfTypeSpec } from "./build/spec.ts";
export { type Codec, type CodecOptions, codecFor } from "./codec/codec.ts";
export type { BtfValue } from "./codec/node.ts";
export { type CoreResult, calcCoreRelo } from "./core/calc.ts";
export { fieldsAreCompatible, typesAreCompatible, typesMatch } from "./core/compat.ts";
export { essentialName } from "./core/essential-name.ts";
export {
  BPF_CORE_ENUMVAL_EXISTS,
  BPF_CORE_ENUMVAL_VALUE,
  BPF_CORE_FIELD_BYTE_OFFSET,
  BPF_CORE_FIELD_BYTE_SIZE,
  BPF_CORE_FIELD_EXISTS,
  BPF_CORE_FIELD_LSHIFT_U64,
  BPF_CORE_FIELD_RSHIFT_U64,
  BPF_CORE_FIELD_SIGNED,
  BPF_CORE_TYPE_EXISTS,
  BPF_CORE_TYPE_ID_LOCAL,
  BPF_CORE_TYPE_ID_TARGET,
  BPF_CORE_TYPE_MATCHES,
  BPF_CORE_TYPE_SIZE,
  coreReloKindName,
} from "./core/kinds.ts";
export { matchCoreSpec } from "./core/match.ts";
export { type CoreInsn, patchCoreInsn } from "./core/patch.ts";
export {
  type CoreCandidate,
  CoreRelocator,
  type CoreResolution,
  type CoreTargets,
  findCoreCandidates,
  resolveCoreRelo,
} from "./core/resolve.ts";
export { type CoreAccessor, type CoreSpec, formatCoreSpec, parseCoreSpec } from "./core/spec.ts";
export { BtfError, type BtfErrorCode, MAX_RESOLVE_DEPTH } from "./error.ts";
export {
  BtfExt,
  type BtfExtPart,
  type BtfExtSection,
  type CoreRelo,
  encodeFuncInfo,
  encodeLineInfo,
  type FuncInfo,
  type LineInfo,
} from "./ext/btf-ext.ts";
export {
  BTF_FUNC_EXTERN,
  BTF_FUNC_GLOBAL,
  BTF_FUNC_STATIC,
  BTF_INT_BOOL,
  BTF_INT_CHAR,
  BTF_INT_SIGNED,
  BTF_KIND_ARRAY,
  BTF_KIND_CONST,
  BTF_KIND_DATASEC,
  BTF_KIND_DECL_TAG,
  BTF_KIND_ENUM,
  BTF_KIND_ENUM64,
  BTF_KIND_FLOAT,
  BTF_KIND_FUNC,
  BTF_KIND_FUNC_PROTO,
  BTF_KIND_FWD,
  BTF_KIND_INT,
  BTF_KIND_PTR,
  BTF_KIND_RESTRICT,
  BTF_KIND_STRUCT,
  BTF_KIND_TYPE_TAG,
  BTF_KIND_TYPEDEF,
  BTF_KIND_UNION,
  BTF_KIND_UNKN,
  BTF_KIND_VAR,
  BTF_KIND_VOLATILE,
  BTF_VAR_GLOBAL_ALLOCATED,
  BTF_VAR_GLOBAL_EXTERN,
  BTF_VAR_STATIC,
  type BtfKind,
} from "./kinds.ts";
export type { MemberPath } from "./layout/member-path.ts";
export { type ElfBtf, findElfBtf } from "./read/elf-sections.ts";
export { cDeclaration, type RenderCOptions, renderC } from "./render/c.ts";
export { formatMapDump, formatValue, type MapEntry, type MapTypes } from "./render/map-dump.ts";
export { formatRawDump, type RawFields, type RawRecord, rawRecords } from "./render/raw-dump.ts";
export { type RenderTypeScriptOptions, renderTypeScript } from "./render/typescript.ts";
export { FIELD_LAYOUT, type FieldKind, type FieldLayout, MAP_FIELDS, OBJECT_FIELDS } from "./special-fields/kinds.ts";
export { type BtfField, type GraphRoot, type KernelTypes, specialFields } from "./special-fields/record.ts";
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
export { type BtfVerdict, type ValidateOptions, validateBtf } from "./validate/validate.ts";
