import fc from "fast-check";
import { expect, it } from "vitest";
import { decode, encode, IsaError } from "../src/index.ts";

const order = fc.constantFrom("little" as const, "big" as const);

it("encode undoes decode on any bytes", () => {
  const bytes = fc.array(fc.uint8Array({ minLength: 8, maxLength: 8 }), { maxLength: 40 }).map((slots) => {
    const all = new Uint8Array(slots.length * 8);
    for (const [i, slot] of slots.entries()) all.set(slot, i * 8);
    return all;
  });
  fc.assert(
    fc.property(bytes, order, (program, byteOrder) => {
      const before = program.slice();
      expect(encode(decode(program, byteOrder), byteOrder)).toEqual(before);
      expect(program).toEqual(before);
    }),
  );
});

it("refuses a length that is no multiple of 8, and no other", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), order, (bytes, byteOrder) => {
      if (bytes.length % 8 === 0) expect(decode(bytes, byteOrder)).toHaveLength(bytes.length / 8);
      else expect(() => decode(bytes, byteOrder)).toThrow(IsaError);
    }),
  );
});
