/// <reference types="node" />
import { existsSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { Btf } from "../src/index.ts";

const VMLINUX = "/sys/kernel/btf/vmlinux";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Readings that differ by less are the same. */
const SAME = 16 * 1024;

/**
 * Bytes in use, on the heap and in buffers. What files of tests before this one left in the process may take some turns to go (buffers are freed beside
 * the collector): it waits until nothing goes any more.
 */
async function bytesInUse(): Promise<number> {
  let last = Infinity;
  for (let same = 0; same < 3; ) {
    await setTimeout(10);
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const now = heapUsed + arrayBuffers;
    same = Math.abs(last - now) < SAME ? same + 1 : 0;
    last = now;
  }
  return last;
}

test("Linux's own BTF needs at most three times its size, itself included", async (context) => {
  if (!existsSync(VMLINUX)) context.skip(`no ${VMLINUX}`);
  const before = await bytesInUse();
  const bytes = readFileSync(VMLINUX);
  const btf = Btf.parse(bytes);
  const task = btf.findByName("task_struct", "struct");
  const opened = (await bytesInUse()) - before;
  // As many look-ups as build the index of names, and every type decoded and let go.
  for (let id = 1; id < btf.typeCount; id++) btf.findByName(btf.nameOf(id));
  for (const type of btf.types()) if (type.kind === "void") throw new Error("void is no type of its own");
  const used = (await bytesInUse()) - before;
  // Also keeps it in use up to here.
  expect(btf.nameOf(task!)).toBe("task_struct");
  const times = (n: number): string => (n / bytes.length).toFixed(2);
  console.log(
    `btf: ${bytes.length} bytes: opened ${times(opened)} × as much, after all types were decoded ${times(used)} ×`,
  );
  expect(opened).toBeLessThan(3 * bytes.length);
  expect(opened).toBeGreaterThan(bytes.length);
  expect(used).toBeLessThan(3 * bytes.length);
});
