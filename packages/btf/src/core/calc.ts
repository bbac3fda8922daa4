import { E2BIG, EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import type { Btf } from "../btf.ts";
import { BTF_INT_SIGNED } from "../kinds.ts";
import { coreError } from "./failure.ts";
import {
  BPF_CORE_ENUMVAL_EXISTS,
  BPF_CORE_FIELD_BYTE_OFFSET,
  BPF_CORE_FIELD_BYTE_SIZE,
  BPF_CORE_FIELD_EXISTS,
  BPF_CORE_FIELD_LSHIFT_U64,
  BPF_CORE_FIELD_RSHIFT_U64,
  BPF_CORE_FIELD_SIGNED,
  BPF_CORE_TYPE_ID_TARGET,
  BPF_CORE_TYPE_SIZE,
  isFieldBased,
  isTypeBased,
} from "./kinds.ts";
import { type CoreSpec, coreSizeOf } from "./spec.ts";

/** What a relocation comes to. */
export interface CoreResult {
  /** There is nothing to relocate to: the instruction must never run. */
  poison: boolean;
  /** The instruction holds `originalValue` now, or something is wrong. */
  validate: boolean;
  /** u64. */
  originalValue: bigint;
  newValue: bigint;
  /** Bytes that a load or store of the field moves, here and there; 0 if that is not what it is about. */
  originalSize: number;
  newSize: number;
  /** The sizes differ and the field's type does not allow to load or store it in another size. */
  failMemorySize: boolean;
}

/** One side's value; what is absent asks for poison. */
interface Side {
  value: bigint;
  validate: boolean;
  /** Bytes of the field, or of an array's element, for relocated loads and stores. */
  size: number;
  /** The field's type, if `size` is given. */
  type: number;
}

/**
 * Values of a relocation, from the access in the program's types and the one in the target's, if there is one.
 *
 * @see v6.18 tools/lib/bpf/relo_core.c, bpf_core_calc_relo
 * @throws BtfError BTF_CORE
 */
export function calcCoreRelo(local: CoreSpec, target: CoreSpec | undefined): CoreResult {
  const kind = local.kind;
  const sideOf = isFieldBased(kind) ? fieldSide : isTypeBased(kind) ? typeSide : enumSide;
  const before = sideOf(kind, local);
  const after = sideOf(kind, target);
  const result: CoreResult = {
    poison: before === undefined || after === undefined,
    validate: before?.validate ?? true,
    originalValue: before?.value ?? 0n,
    newValue: after?.value ?? 0n,
    originalSize: before?.size ?? 0,
    newSize: after?.size ?? 0,
    failMemorySize: false,
  };
  if (before !== undefined && after !== undefined && target !== undefined && before.size !== after.size)
    result.failMemorySize = !mayResize(local.btf, before.type, target.btf, after.type);
  return result;
}

/** Pointers, and integers that are not signed, keep their value when more or fewer bytes of them are moved. */
function mayResize(local: Btf, localType: number, target: Btf, targetType: number): boolean {
  const a = local.type(localType);
  const b = target.type(targetType);
  if (a.kind === "ptr" && b.kind === "ptr") return true;
  return a.kind === "int" && b.kind === "int" && a.encoding !== BTF_INT_SIGNED && b.encoding !== BTF_INT_SIGNED;
}

function plain(value: number, validate = true): Side {
  return { value: BigInt(value), validate, size: 0, type: 0 };
}

/** Shifts are counted in 32 bits, so those of fields wider than 64 bits come out as they do. */
function u32(value: number, validate: boolean): Side {
  return plain(value >>> 0, validate);
}

/** @see v6.18 tools/lib/bpf/relo_core.c, bpf_core_calc_field_relo */
function fieldSide(kind: number, spec: CoreSpec | undefined): Side | undefined {
  if (kind === BPF_CORE_FIELD_EXISTS) return plain(spec === undefined ? 0 : 1);
  if (spec === undefined) return undefined;
  const { btf } = spec;
  const last = spec.accessors.at(-1)!;
  if (last.name === undefined) {
    if (kind === BPF_CORE_FIELD_BYTE_SIZE) return plain(coreSizeOf(btf, last.type));
    if (kind !== BPF_CORE_FIELD_BYTE_OFFSET) throw coreError(`relocation ${kind} can't be applied to array access`);
    return { ...plain(Math.floor(spec.bitOffset / 8)), size: elementSize(btf, last.type), type: last.type };
  }
  const type = btf.resolve(btf.memberTypeOf(last.type, last.index));
  const bits = btf.memberBitfieldSizeOf(last.type, last.index);
  const isBitfield = bits > 0;
  const place = isBitfield ? bitfieldPlace(btf, type, spec.bitOffset, bits) : undefined;
  const size = place?.size ?? coreSizeOf(btf, type);
  const offset = place?.offset ?? Math.floor(spec.bitOffset / 8);
  const width = isBitfield ? bits : size * 8;
  // Compilers may choose other loads for a bitfield than the ones counted with here.
  const validate = !isBitfield;
  switch (kind) {
    case BPF_CORE_FIELD_BYTE_OFFSET:
      return isBitfield ? plain(offset, validate) : { ...plain(offset, validate), size: elementSize(btf, type), type };
    case BPF_CORE_FIELD_BYTE_SIZE:
      return plain(size, validate);
    case BPF_CORE_FIELD_SIGNED:
      return plain(isSigned(btf, type) ? 1 : 0);
    case BPF_CORE_FIELD_LSHIFT_U64: {
      const within = spec.bitOffset - offset * 8;
      return u32(btf.littleEndian ? 64 - (within + width) : (8 - size) * 8 + within, validate);
    }
    case BPF_CORE_FIELD_RSHIFT_U64:
      return u32(64 - width, true);
    default:
      throw coreError(`unrecognized CO-RE relocation ${kind}`, EOPNOTSUPP);
  }
}

/** Of arrays the single element counts: that is what a load or store moves. */
function elementSize(btf: Btf, id: number): number {
  let at = btf.resolve(id);
  for (let depth = 0; btf.kindOf(at) === "array"; depth++) {
    if (depth > 32) throw coreError(`type ${id} leads through more than 32 arrays`);
    at = btf.resolve(btf.arrayTypeOf(at));
  }
  return coreSizeOf(btf, at);
}

/** The smallest aligned load of 1, 2, 4 or 8 bytes, at least as large as the field's type, that holds all of its bits. */
function bitfieldPlace(btf: Btf, type: number, bitOffset: number, bits: number): { size: number; offset: number } {
  let size = btf.sizeOrTypeOf(type);
  if (size === 0) throw coreError(`a bitfield of type ${type}, which has no size`);
  const place = (): number => Math.floor(Math.floor(bitOffset / 8) / size) * size;
  let offset = place();
  while (bitOffset + bits - offset * 8 > size * 8) {
    if (size >= 8)
      throw coreError("relocation can't be satisfied for bitfield: it needs more than a 64-bit load", E2BIG);
    size *= 2;
    offset = place();
  }
  return { size, offset };
}

function isSigned(btf: Btf, id: number): boolean {
  const type = btf.type(id);
  if (type.kind === "enum" || type.kind === "enum64") return type.signed;
  return type.kind === "int" && (type.encoding & BTF_INT_SIGNED) !== 0;
}

/** @see v6.18 tools/lib/bpf/relo_core.c, bpf_core_calc_type_relo */
function typeSide(kind: number, spec: CoreSpec | undefined): Side {
  // A type that is not there is 0 in every respect; it never poisons.
  if (spec === undefined) return plain(0);
  // An id changes when objects are linked.
  if (kind === BPF_CORE_TYPE_ID_TARGET) return plain(spec.type, false);
  return plain(kind === BPF_CORE_TYPE_SIZE ? coreSizeOf(spec.btf, spec.type) : 1);
}

/** @see v6.18 tools/lib/bpf/relo_core.c, bpf_core_calc_enumval_relo */
function enumSide(kind: number, spec: CoreSpec | undefined): Side | undefined {
  if (kind === BPF_CORE_ENUMVAL_EXISTS) return plain(spec === undefined ? 0 : 1);
  if (spec === undefined) return undefined;
  const { type, index } = spec.accessors[0]!;
  const record = spec.btf.type(type);
  if (record.kind !== "enum" && record.kind !== "enum64") throw new Error(`type ${type} is no enum`);
  const { value } = record.values[index]!;
  // 32-bit values are signed here even in enums that are not.
  const wide = typeof value === "bigint" ? value : BigInt(value | 0);
  return { value: BigInt.asUintN(64, wide), validate: true, size: 0, type: 0 };
}
