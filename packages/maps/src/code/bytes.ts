import {
  I32_LOAD,
  I32_LOAD8_U,
  I32_LOAD16_U,
  I32_STORE,
  I32_STORE8,
  I32_STORE16,
  I64_EQZ,
  I64_LOAD,
  I64_LOAD8_U,
  I64_LOAD16_U,
  I64_LOAD32_U,
  I64_OR,
  I64_STORE,
  I64_XOR,
} from "@bpf-ts/wasm/opcodes";
import type { SpecialField } from "../record.ts";
import { add, atLeast, both, type Expr, type Fn, load, n, not, type Var } from "./fn.ts";

/** Longer stretches are left to the engine's own copy, or a loop. */
const UNROLLED = 128;

/** The words that make up `size` bytes, the largest first. */
function words(size: number): { at: number; bytes: 1 | 2 | 4 | 8 }[] {
  const parts: { at: number; bytes: 1 | 2 | 4 | 8 }[] = [];
  let at = 0;
  for (const bytes of [8, 4, 2, 1] as const) {
    while (size - at >= bytes) {
      parts.push({ at, bytes });
      at += bytes;
    }
  }
  return parts;
}

const LOADS = { 8: I64_LOAD, 4: I32_LOAD, 2: I32_LOAD16_U, 1: I32_LOAD8_U } as const;
const STORES = { 8: I64_STORE, 4: I32_STORE, 2: I32_STORE16, 1: I32_STORE8 } as const;
const LOADS64 = { 8: I64_LOAD, 4: I64_LOAD32_U, 2: I64_LOAD16_U, 1: I64_LOAD8_U } as const;

/** Copies `size` bytes from `source + sourceAt` to `target + targetAt`; the stretches do not overlap. */
export function copy(fn: Fn, target: Var, targetAt: number, source: Var, sourceAt: number, size: number): void {
  if (size > UNROLLED) {
    add(target, n(targetAt))(fn.f);
    add(source, n(sourceAt))(fn.f);
    fn.f.i32Const(size).memoryCopy();
    return;
  }
  for (const { at, bytes } of words(size)) {
    fn.store(target, targetAt + at, load(source, sourceAt + at, LOADS[bytes]), STORES[bytes]);
  }
}

/** Zeroes `size` bytes at `target + offset`. */
export function zero(fn: Fn, target: Var, offset: number, size: number): void {
  if (size > UNROLLED) {
    add(target, n(offset))(fn.f);
    fn.f.i32Const(0).i32Const(size).memoryFill();
    return;
  }
  for (const { at, bytes } of words(size)) {
    const nothing: Expr = bytes === 8 ? (f) => void f.i64Const(0) : n(0);
    fn.store(target, offset + at, nothing, STORES[bytes]);
  }
}

/** {@link copy} of a value around its special fields. */
export function copyValue(
  fn: Fn,
  target: Var,
  targetAt: number,
  source: Var,
  size: number,
  fields: readonly SpecialField[],
): void {
  let done = 0;
  for (const field of fields) {
    copy(fn, target, targetAt + done, source, done, field.offset - done);
    done = field.offset + field.size;
  }
  copy(fn, target, targetAt + done, source, done, size - done);
}

/** 1 if the `size` bytes at `a + aAt` and at `b` are the same. */
export function same(fn: Fn, a: Var, aAt: number, b: Var, size: number): Expr {
  return size > UNROLLED ? sameLong(fn, a, aAt, b, size) : sameShort(a, aAt, b, 0, size);
}

function sameShort(a: Expr, aAt: number, b: Expr, bAt: number, size: number): Expr {
  return (f) => {
    for (const [i, { at, bytes }] of words(size).entries()) {
      load(a, aAt + at, LOADS64[bytes])(f);
      load(b, bAt + at, LOADS64[bytes])(f);
      f.op(I64_XOR);
      if (i > 0) f.op(I64_OR);
    }
    f.op(I64_EQZ);
  };
}

/** Eight bytes at a time; the last eight may overlap those before. */
function sameLong(fn: Fn, a: Var, aAt: number, b: Var, size: number): Expr {
  const offset = fn.variable("at");
  const last = size - 8;
  return (f) => {
    fn.set(offset, n(0));
    fn.while(both(not(atLeast(offset, n(last))), sameShort(add(a, offset), aAt, add(b, offset), 0, 8)), () =>
      fn.set(offset, add(offset, n(8))),
    );
    both(atLeast(offset, n(last)), sameShort(a, aAt + last, b, last, 8))(f);
  };
}
