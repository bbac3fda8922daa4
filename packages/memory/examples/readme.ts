import { Memory, MemoryError } from "@bpf-ts/memory";

const memory = new Memory({ maxBytes: 16 * 1024 * 1024 });

const value = memory.alloc(24, { label: "counters value" });
memory.setU64(value + 8, 42n);
console.log(memory.getU64(value + 8)); // 42n

console.log(memory.isLive(value, 24, true)); // true: one region covers it
console.log(memory.isLive(value + 20, 8)); // false: four bytes too far

try {
  memory.read(0, 8);
} catch (error) {
  if (!(error instanceof MemoryError)) throw error;
  console.log(error.code, error.message); // EFAULT bad read of 8 bytes at 0x00000000
}

memory.free(value);
if (memory.liveBytes !== 0) throw new Error("something leaks");
