/// <reference types="node" />
import { existsSync, readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { Btf } from "../src/index.ts";

const VMLINUX = "/sys/kernel/btf/vmlinux";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes in use, on the heap and in buffers. */
function bytesInUse(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test("Linux's own BTF needs at most three times its size, itself included", (context) => {
  if (!existsSync(VMLINUX)) context.skip(`no ${VMLINUX}`);
  const before = bytesInUse();
  const bytes = readFileSync(VMLINUX);
  const btf = Btf.parse(bytes);
  const task = btf.findByName("task_struct", "struct");
  const opened = bytesInUse() - before;
  // As many look-ups as build the index of names, and every type decoded and let go.
  for (let id = 1; id < btf.typeCount; id++) btf.findByName(btf.nameOf(id));
  for (const type of btf.types()) if (type.kind === "void") throw new Error("void is no type of its own");
  const used = bytesInUse() - before;
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
