/**
 * BTF, the type information of BPF programs and of the kernel.
 */
export { Btf, type BtfParseOptions } from "./btf.ts";
export { BtfError, type BtfErrorCode, MAX_RESOLVE_DEPTH } from "./error.ts";
export type { BtfKind } from "./kinds.ts";
export type { MemberPath } from "./layout/member-path.ts";
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
