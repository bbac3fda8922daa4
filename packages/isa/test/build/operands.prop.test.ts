/** Whatever JavaScript gives the builders: an instruction that there is, or an IsaError. */
import fc from "fast-check";
import { expect, test } from "vitest";
import * as build from "../../src/build/index.ts";
import { type Insn, IsaError, insnProblem } from "../../src/index.ts";

type Builder = (...operands: unknown[]) => Insn | Insn[];
const BUILDERS = Object.entries(build) as unknown as [string, Builder][];

const right: fc.Arbitrary<unknown> = fc.constantFrom(
  ...["r0", "r1", "r9", "r10", "w0", "w3", "w10", "=", "+=", "s/=", "s>>=", "==", "s<=", "&"],
  ...["u8", "u16", "u32", "u64", "s8", "s32", "add", "fetch_add", "xchg", "cmpxchg", "le16", "bswap64"],
  ...[0, 1, -1, 8, 16, 32, 0x7fff, -0x8000, 0x7fff_ffff, -0x8000_0000],
);
const wrong: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    Number.NaN,
    Infinity,
    -Infinity,
    0.5,
    -0,
    0x8000,
    -0x8001,
    2 ** 31,
    2 ** 53,
  ),
  fc.constantFrom<unknown>(
    5n,
    -(1n << 64n),
    1n << 63n,
    1n << 64n,
    "",
    "r11",
    "w-1",
    "R1",
    "r01",
    "fetch_sub",
    "neg",
    "u128",
    [],
    {},
    () => 0,
  ),
  fc.string(),
  fc.double(),
);

test("operands of any kind", () => {
  expect(BUILDERS.length).toBeGreaterThan(20);
  const operands = fc.array(fc.oneof({ weight: 4, arbitrary: right }, { weight: 1, arbitrary: wrong }), {
    maxLength: 5,
  });
  const made = new Set<string>();
  fc.assert(
    fc.property(fc.constantFrom(...BUILDERS), operands, ([name, builder], values) => {
      let insns: readonly Insn[];
      try {
        insns = [builder(...values)].flat();
      } catch (error) {
        expect(error, `${name}: ${String(error)}`).toBeInstanceOf(IsaError);
        return;
      }
      made.add(name);
      expect(insnProblem(insns, 0), name).toBeUndefined();
      for (const { code, dst, src, off, imm } of insns) {
        const fits =
          [code, dst, src, off, imm].every(Number.isInteger) && off === (off << 16) >> 16 && imm === (imm | 0);
        expect(fits && dst >= 0 && dst <= 10 && src >= 0 && src <= 15, `${name} ${JSON.stringify(insns)}`).toBe(true);
      }
    }),
    { numRuns: 20_000 },
  );
  // Not all of it was refused.
  expect(made.size).toBeGreaterThan(BUILDERS.length / 2);
});
