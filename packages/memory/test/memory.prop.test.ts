/// <reference types="node" />
import fc from "fast-check";
import { expect, test } from "vitest";
import { Memory, MemoryError } from "../src/index.ts";

const RUNS = Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 60);

/** What the allocator must answer, by the simplest possible means. */
interface Block {
  base: number;
  size: number;
  byte: number;
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant("alloc" as const), size: fc.integer({ min: 1, max: 300 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant("alloc" as const), size: fc.integer({ min: 300, max: 40_000 }) }),
  },
  { weight: 6, arbitrary: fc.record({ op: fc.constant("free" as const), pick: fc.nat() }) },
);

test("random blocks never overlap, keep their bytes, and leave nothing behind", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 400 }),
      fc.constantFrom(0, 8, 64),
      fc.constantFrom(8, 16, 64, 4096),
      fc.boolean(),
      (steps, redZone, align, poison) => {
        const memory = new Memory({ maxBytes: 2 * 1024 * 1024, redZone, poison });
        const blocks: Block[] = [];
        let bytes = 0;
        let byte = 1;
        for (const s of steps) {
          if (s.op === "alloc") {
            let base: number;
            try {
              base = memory.alloc(s.size, { align });
            } catch (error) {
              expect(error).toBeInstanceOf(MemoryError);
              continue;
            }
            expect(base % align).toBe(0);
            expect(memory.read(base, s.size).every((b) => b === 0)).toBe(true);
            for (const other of blocks)
              expect(base + s.size <= other.base || other.base + other.size <= base).toBe(true);
            byte = (byte % 255) + 1;
            memory.fill(base, byte, s.size);
            blocks.push({ base, size: s.size, byte });
            bytes += s.size;
          } else if (blocks.length > 0) {
            const [block] = blocks.splice(s.pick % blocks.length, 1);
            expect(memory.read(block!.base, block!.size).every((b) => b === block!.byte)).toBe(true);
            memory.free(block!.base);
            expect(memory.isLive(block!.base, 1)).toBe(false);
            bytes -= block!.size;
          }
          expect(memory.liveBytes).toBe(bytes);
        }
        memory.checkRedZones();
        const sorted = blocks
          .map(({ base, size }) => ({ base, size, writable: true, label: "" }))
          .sort((a, b) => a.base - b.base);
        expect(memory.liveRegions()).toEqual(sorted);
        for (const block of blocks) {
          expect(memory.isLive(block.base, block.size, true)).toBe(true);
          expect(memory.isLive(block.base, block.size + 1)).toBe(false);
          expect(memory.read(block.base, block.size).every((b) => b === block.byte)).toBe(true);
          memory.free(block.base);
        }
        expect([memory.liveBytes, memory.liveBlocks]).toEqual([0, 0]);
        // Everything merged again: all of it can be had in one piece.
        const all = memory.byteLength - 65536;
        expect(memory.alloc(all - 2 * redZone - Math.max(redZone === 0 ? 0 : align, redZone))).toBeGreaterThan(0);
        expect(memory.byteLength - 65536).toBe(all);
      },
    ),
    { numRuns: RUNS },
  );
});

test("regions inside a reserved block: as a naive list says", () => {
  const op = fc.record({
    add: fc.boolean(),
    at: fc.integer({ min: 0, max: 63 }),
    size: fc.integer({ min: 1, max: 12 }),
  });
  fc.assert(
    fc.property(fc.array(op, { maxLength: 60 }), (ops) => {
      const memory = new Memory();
      const block = memory.reserve(64);
      let list: { at: number; end: number }[] = [];
      for (const { add, at, size } of ops) {
        if (add) {
          const fits = at + size <= 64 && !list.some((r) => at < r.end && r.at < at + size);
          if (fits) {
            memory.addRegion(block + at, size);
            list.push({ at, end: at + size });
          } else expect(() => memory.addRegion(block + at, size)).toThrow(/overlaps another|does not lie/);
        } else {
          const known = list.some((r) => r.at === at);
          if (known) memory.removeRegion(block + at);
          else expect(() => memory.removeRegion(block + at)).toThrow("no region begins at");
          list = list.filter((r) => r.at !== at);
        }
        for (let byte = 0; byte < 64; byte++) {
          for (const n of [1, 3]) {
            expect(memory.isLive(block + byte, n)).toBe(list.some((r) => r.at <= byte && byte + n <= r.end));
          }
        }
      }
    }),
    { numRuns: RUNS },
  );
});

test("a million blocks, freed in another order: fast, and nothing is lost to fragments", () => {
  const memory = new Memory();
  const blocks: number[] = [];
  // A quadratic step anywhere takes minutes, which is more than a test gets.
  for (let i = 0; i < 1_000_000; i++) blocks.push(memory.alloc(8 + (i % 7) * 8));
  // 8 + 16 + ... + 56 bytes a seven: under a tenth more than what was asked for.
  expect(memory.committedBytes / memory.liveBytes).toBeLessThan(1.1);
  for (let i = 0; i < blocks.length; i += 2) memory.free(blocks[i]!);
  for (let i = 0; i < blocks.length; i += 2) blocks[i] = memory.alloc(8 + (i % 7) * 8);
  const peak = memory.byteLength;
  for (let i = blocks.length - 1; i >= 0; i--) memory.free(blocks[i]!);
  expect(memory.liveBytes).toBe(0);
  expect(memory.alloc(peak - 65536)).toBeGreaterThan(0);
  expect(memory.byteLength).toBe(peak);
});
