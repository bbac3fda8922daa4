/// <reference types="node" />
// The objects that this repository commits, against the llvm-objdump 19 installed here.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { decode, formatLlvm } from "../../src/index.ts";

const objects = ["../../../selftests/progs/", "../../../cli/examples/"].flatMap((path) => {
  const folder = new URL(path, import.meta.url).pathname;
  return readdirSync(folder)
    .filter((name) => name.endsWith(".o"))
    .map((name) => `${folder}${name}`);
});
const installed = spawnSync("llvm-objdump-19", ["--version"]).status === 0;

interface Listing {
  readonly name: string;
  readonly lines: readonly { bytes: string; text: string }[];
}

/** The functions of an object: lines of bytes and text. */
function functions(file: string, options: string[]): Listing[] {
  const { stdout, status } = spawnSync("llvm-objdump-19", ["-d", "-z", ...options, file], { encoding: "utf8" });
  expect(status).toBe(0);
  return stdout.split("\n\n").map((block) => ({
    name: /^[0-9a-f]+ <(.*)>:$/m.exec(block)?.[1] ?? "",
    lines: block.split("\n").flatMap((line) => {
      const found = /^\s*[0-9a-f]+:\s((?:[0-9a-f]{2} )*[0-9a-f]{2})\t(.*)$/.exec(line);
      return found === null ? [] : [{ bytes: found[1]!.replaceAll(" ", ""), text: found[2]! }];
    }),
  }));
}

it("committed objects print as llvm-objdump prints them", (context) => {
  if (!installed) context.skip("llvm-objdump-19 is not installed");
  let compared = 0;
  for (const name of objects) {
    for (const [alu32, options] of [
      [true, ["--mcpu=v4"]],
      [false, []],
    ] as [boolean, string[]][]) {
      for (const { name: fn, lines } of functions(name, options)) {
        const symbol = (slot: number): string => (slot === 0 ? fn : `${fn}+0x${(slot * 8).toString(16)}`);
        const insns = decode(Uint8Array.from(Buffer.from(lines.map(({ bytes }) => bytes).join(""), "hex")));
        let slot = 0;
        for (const { bytes, text } of lines) {
          expect(formatLlvm(insns, slot, { alu32, symbol }), `${name} ${slot}`).toBe(text);
          slot += bytes.length / 16;
          compared++;
        }
      }
    }
  }
  console.log(`isa: ${compared} lines of ${objects.length} committed objects`);
  expect(objects.length).toBeGreaterThan(15);
  expect(compared).toBeGreaterThan(1_500);
});
