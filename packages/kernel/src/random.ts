/**
 * A seeded source of 32-bit numbers (xorshift128, Marsaglia 2003): not for secrets, but the same in every run.
 */
export class SeededRandom {
  readonly #s: Uint32Array;

  constructor(seed: number) {
    // SplitMix32 spreads a small seed over the state; the state must not be all zero.
    let z = seed >>> 0;
    const next = (): number => {
      z = (z + 0x9e3779b9) >>> 0;
      let x = z;
      x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
      x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
      return (x ^ (x >>> 16)) >>> 0;
    };
    this.#s = Uint32Array.of(next(), next(), next(), next() | 1);
  }

  /** 0 … 2³²−1. */
  u32(): number {
    const s = this.#s;
    let t = s[3]!;
    const first = s[0]!;
    s[3] = s[2]!;
    s[2] = s[1]!;
    s[1] = first;
    t ^= t << 11;
    t ^= t >>> 8;
    s[0] = t ^ first ^ (first >>> 19);
    return s[0]!;
  }

  /** 0 … n−1. */
  below(n: number): number {
    return this.u32() % n;
  }
}
