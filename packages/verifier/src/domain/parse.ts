/** Reading scalars back from the kernel's log. */

import { constant, UNKNOWN, withBounds } from "./scalar.ts";
import type { Scalar, ScalarBounds, Tnum } from "./types.ts";

const NUMBER = /^-?(?:0x[0-9a-f]{1,16}|\d{1,20})$/;

function number(text: string): bigint | undefined {
  if (!NUMBER.test(text)) return undefined;
  return text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
}

/** Bounds being collected. */
type Found = { -readonly [K in keyof ScalarBounds]: ScalarBounds[K] };

function setEnd(f: Found, name: string, v: bigint): boolean {
  switch (name) {
    case "smin":
      f.smin = BigInt.asIntN(64, v);
      return true;
    case "smax":
      f.smax = BigInt.asIntN(64, v);
      return true;
    case "umin":
      f.umin = BigInt.asUintN(64, v);
      return true;
    case "umax":
      f.umax = BigInt.asUintN(64, v);
      return true;
    case "smin32":
      f.s32min = Number(BigInt.asIntN(32, v));
      return true;
    case "smax32":
      f.s32max = Number(BigInt.asIntN(32, v));
      return true;
    case "umin32":
      f.u32min = Number(BigInt.asUintN(32, v));
      return true;
    case "umax32":
      f.u32max = Number(BigInt.asUintN(32, v));
      return true;
    default:
      return false;
  }
}

/** Splits at commas outside of parentheses; var_off's own parentheses contain none. */
function parseAttribute(f: Found, attribute: string): void {
  const parts = attribute.split("=");
  const text = parts.pop()!;
  if (parts[0] === "var_off") {
    const m = /^\((\S+); (\S+)\)$/.exec(text);
    const value = number(m?.[1] ?? text);
    const mask = m === null ? 0n : number(m[2]!);
    if (value !== undefined && mask !== undefined) f.tnum = { value, mask } satisfies Tnum;
    return;
  }
  const v = number(text);
  if (v === undefined) return;
  for (const name of parts) setEnd(f, name, v);
}

/**
 * Reads `5`, `P-1`, `0xffff0000`, `scalar(…)`, `Pscalar(…)`. Attributes that are no ranges (`id=2`) are skipped. Undefined for any other text.
 */
export function parseScalar(text: string): Scalar | undefined {
  const body = text.startsWith("P") ? text.slice(1) : text;
  const plain = number(body);
  if (plain !== undefined) return constant(plain);
  const m = /^scalar\(([^()]*(?:\([^()]*\))?)\)$/.exec(body);
  if (m === null) return undefined;
  const f: Found = {};
  if (m[1] !== "") for (const attribute of m[1]!.split(",")) parseAttribute(f, attribute);
  return withBounds(UNKNOWN, f);
}
