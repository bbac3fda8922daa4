import { I32_LOAD8_U, I32_LOAD16_U } from "@bpf-ts/wasm/opcodes";
import { add, type Expr, type Fn, load, n, ne, or, rotl, shl, sub, type Var, xor } from "./fn.ts";

/**
 * The kernel's hash of map keys, for keys of one size: Bob Jenkins' lookup3, as `../jhash.ts` has it for any size.
 *
 * @see v6.18 include/linux/jhash.h
 */
const INITIAL = 0xdeadbeef;
/** Blocks of twelve bytes beyond which a loop is shorter. */
const UNROLLED_BLOCKS = 4;

/** Appends the hash of the `size` bytes at `key`. @returns the variable that holds it */
export function jhash(fn: Fn, key: Var, size: number, seed: Expr): Var {
  const a = fn.let("a", add(seed, n((INITIAL + size) | 0)));
  const b = fn.let("b", a);
  const c = fn.let("c", a);
  // The last block has 1 to 12 bytes.
  const blocks = Math.floor((size - 1) / 12);
  const absorb = (from: Expr, at: number): void => {
    fn.set(a, add(a, load(from, at)));
    fn.set(b, add(b, load(from, at + 4)));
    fn.set(c, add(c, load(from, at + 8)));
    mix(fn, a, b, c);
  };
  if (blocks > UNROLLED_BLOCKS) {
    const at = fn.let("at", key);
    const end = fn.let("end", add(key, n(blocks * 12)));
    fn.while(ne(at, end), () => {
      absorb(at, 0);
      fn.set(at, add(at, n(12)));
    });
  } else {
    for (let i = 0; i < blocks; i++) absorb(key, i * 12);
  }
  const rest = blocks * 12;
  fn.set(a, add(a, word(key, rest, size)));
  if (size - rest > 4) fn.set(b, add(b, word(key, rest + 4, size)));
  if (size - rest > 8) fn.set(c, add(c, word(key, rest + 8, size)));
  finish(fn, a, b, c);
  return c;
}

/** Up to four bytes at `key + at`, as many as there are before `size`. */
function word(key: Var, at: number, size: number): Expr {
  const left = size - at;
  if (left >= 4) return load(key, at);
  if (left === 3) return or(load(key, at, I32_LOAD16_U), shl(load(key, at + 2, I32_LOAD8_U), n(16)));
  return load(key, at, left === 2 ? I32_LOAD16_U : I32_LOAD8_U);
}

function mix(fn: Fn, a: Var, b: Var, c: Var): void {
  const steps: [Var, Var, Var, number][] = [
    [a, c, b, 4],
    [b, a, c, 6],
    [c, b, a, 8],
    [a, c, b, 16],
    [b, a, c, 19],
    [c, b, a, 4],
  ];
  for (const [x, y, z, by] of steps) {
    fn.set(x, xor(sub(x, y), rotl(y, n(by))));
    fn.set(y, add(y, z));
  }
}

function finish(fn: Fn, a: Var, b: Var, c: Var): void {
  const steps: [Var, Var, number][] = [
    [c, b, 14],
    [a, c, 11],
    [b, a, 25],
    [c, b, 16],
    [a, c, 4],
    [b, a, 14],
    [c, b, 24],
  ];
  for (const [x, y, by] of steps) fn.set(x, sub(xor(x, y), rotl(y, n(by))));
}
