import fc from "fast-check";
import { expect, test } from "vitest";
import { splitLines } from "../../src/batch/lines.ts";
import { chunks } from "../memory-io.ts";

async function lines(pieces: readonly (string | Uint8Array)[], maxBytes = 1000): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const line of splitLines(chunks(...pieces), maxBytes))
    found.push("tooLong" in line ? line : new TextDecoder().decode(line));
  return found;
}

test.each<[string, string[], unknown[]]>([
  ["nothing", [], []],
  ["one line", ["a\n"], ["a"]],
  ["a last line without an end", ["a\nb"], ["a", "b"]],
  ["lines in one piece", ["a\nbc\n"], ["a", "bc"]],
  ["a line in several pieces", ["a", "b", "c\nd", "e\n"], ["abc", "de"]],
  ["empty lines", ["\n\na\n\n"], ["", "", "a", ""]],
  ["an end alone in a piece", ["a", "\n", "b", "\n"], ["a", "b"]],
  ["other separators are text", ["a\u2028b\rc\n"], ["a\u2028b\rc"]],
])("%s", async (_, pieces, expected) => {
  expect(await lines(pieces)).toEqual(expected);
});

test("a line that is too long is told of, and those after it are read", async () => {
  expect(await lines(["12345", "67", "890\nabc\n12345678\n"], 7)).toEqual([{ tooLong: 10 }, "abc", { tooLong: 8 }]);
});

test("however a text is cut, its lines are the same", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: fc.constantFrom("a", "\n", "é", "€") }), { maxLength: 12 }),
      fc.array(fc.nat(9), { minLength: 1 }),
      async (parts, cuts) => {
        const bytes = new TextEncoder().encode(parts.join(""));
        const pieces: Uint8Array[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          // Empty pieces too, but not for ever.
          const size = Math.max(cuts[i % cuts.length]!, i > 40 ? 1 : 0);
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        const whole = parts.join("").split("\n");
        if (whole.at(-1) === "") whole.pop();
        expect(await lines(pieces)).toEqual(whole);
      },
    ),
  );
});
