import type { SpecialField } from "../record.ts";
import { copyValue, zero } from "./bytes.ts";
import { add, type Expr, type Fn, mul, n, type Var } from "./fn.ts";
import type { Imports } from "./host.ts";

/** Values as the code sees them. */
export interface ValueShape {
  /** Bytes. */
  readonly valueSize: number;
  /** Values of an element: one, or one for each CPU. */
  readonly copies: number;
  /** Special fields, in order. */
  readonly fields: readonly SpecialField[];
  /** Whether one of them is a spin lock. */
  readonly hasSpinLock: boolean;
}

/** From one value to the next, bytes. */
export function strideOf(shape: ValueShape): number {
  return Math.ceil(shape.valueSize / 8) * 8;
}

/** Appends: copies a value around its special fields, which stay as they are. */
export function putValue(fn: Fn, shape: ValueShape, target: Var, offset: number, value: Var): void {
  copyValue(fn, target, offset, value, shape.valueSize, shape.fields);
}

/** Appends: the first value of a new element, its special fields zero, but reference counts 1. */
export function initValue(fn: Fn, shape: ValueShape, element: Var, offset: number, value: Var): void {
  putValue(fn, shape, element, offset, value);
  for (const field of shape.fields) {
    if (field.kind === "refcount") fn.store(element, offset + field.offset, n(1));
    else zero(fn, element, offset + field.offset, field.size);
  }
}

/** The address of a CPU's value. */
export function valueOfCpu(shape: ValueShape, first: Expr, cpu: Expr): Expr {
  return shape.copies === 1 ? first : add(first, mul(cpu, n(strideOf(shape))));
}

/** Appends: releases what the special fields of the value at `address` hold. */
export function freeFields(fn: Fn, shape: ValueShape, host: Imports, map: Var, address: Expr): void {
  if (shape.fields.length > 0) fn.call(host.freeFields, map, address);
}

/** Appends: {@link freeFields} of all values of an element. */
export function freeAllFields(fn: Fn, shape: ValueShape, host: Imports, map: Var, element: Var, offset: number): void {
  for (let copy = 0; copy < shape.copies; copy++) {
    freeFields(fn, shape, host, map, add(element, n(offset + copy * strideOf(shape))));
  }
}
