/// <reference types="node" />
// The objects that this repository commits, against the llvm-objdump 19 installed here.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { decode, formatLlvm } from "../../src/index.ts";

const folder = new URL("../../../selftests/progs/", import.meta.url).pathname;
const installed = spawnSync("llvm-objdump-19", ["--version"]).status === 0;

/** The functions of an object: lists of lines of bytes and text. */
function functions(file: string, options: string[]): { bytes: string; text: string }[][] {
  const { stdout, status } = spawnSync("llvm-objdump-19", ["-d", "-z", ...options, file], { encoding: "utf8" });
  expect(status).toBe(0);
  return stdout.split("\n\n").map((block) =>
    block.split("\n").flatMap((line) => {
      const found = /^\s*[0-9a-f]+:\s((?:[0-9a-f]{2} )*[0-9a-f]{2})\t(.*)$/.exec(line);
      return found === null ? [] : [{ bytes: found[1]!.replaceAll(" ", ""), text: found[2]! }];
    }),
  );
}

it("committed objects print as llvm-objdump prints them", (context) => {
  if (!installed) context.skip("llvm-objdump-19 is not installed");
  const files = readdirSync(folder).filter((name) => name.endsWith(".o"));
  let compared = 0;
  for (const name of files) {
    for (const [alu32, options] of [
      [true, ["--mcpu=v4"]],
      [false, []],
    ] as [boolean, string[]][]) {
      for (const lines of functions(folder + name, options)) {
        const insns = decode(Uint8Array.from(Buffer.from(lines.map(({ bytes }) => bytes).join(""), "hex")));
        let slot = 0;
        for (const { bytes, text } of lines) {
          const symbol = / <([^<>]*)>$/.exec(text)?.[1];
          expect(formatLlvm(insns, slot, { alu32, symbol: () => symbol }), `${name} ${slot}`).toBe(text);
          slot += bytes.length / 16;
          compared++;
        }
      }
    }
  }
  console.log(`isa: ${compared} lines of ${files.length} committed objects`);
  expect(compared).toBeGreaterThan(0);
});
