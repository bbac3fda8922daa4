/// <reference types="node" />
/** Random traffic through ring buffers: what comes out is what went in, in order, whatever fills, wraps or is discarded meanwhile. */
import { createKernel } from "@bpf-ts/kernel";
import { ENOSPC } from "@bpf-ts/uapi/errno";
import fc from "fast-check";
import { LibbpfError } from "libbpf-ts";
import { expect, test } from "vitest";
import { openProg } from "../../src/objects.ts";

const FUZZ_RUNS = process.env["BPF_TS_FUZZ_RUNS"];
const RUNS = FUZZ_RUNS === undefined ? { numRuns: 30, seed: 4 } : { numRuns: Number(FUZZ_RUNS) };
const SIZE = 4096;
const TEXT = "0123456789abcdef";

/** Bytes that a record takes. */
const taken = (length: number): number => Math.ceil((length + 8) / 8) * 8;

test("programs produce, user space consumes", () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ line: fc.nat({ max: 15 }), times: fc.integer({ min: 1, max: 60 }) }) },
    { weight: 2, arbitrary: fc.record({ read: fc.integer({ min: 1, max: 150 }) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      using kernel = createKernel();
      using object = openProg("ring_buffers").load(kernel.bpf);
      using ring = object.map("events").ringBuffer<{ sequence: number; text: string }>({ type: "line" });
      const emit = object.program("emit_line");
      const expected: { sequence: number; text: string }[] = [];
      let sequence = 0;
      let used = 0;
      for (const one of steps) {
        if ("line" in one) {
          const data = new Uint8Array(14 + 16 + one.line);
          const bytes = taken(4 + one.line);
          for (let i = 0; i < one.times; i++) {
            sequence++;
            // A ring is never quite full.
            const fits = used + bytes < SIZE;
            expect(emit.run({ data }).retval).toBe(fits ? 0 : 2 ** 32 - 22);
            if (!fits) continue;
            used += bytes;
            expected.push({ sequence, text: TEXT.slice(0, one.line) });
          }
        } else {
          const shown: unknown[] = [];
          ring.consume((record) => shown.push(record), one.read);
          expect(shown).toEqual(expected.splice(0, one.read));
          used = expected.reduce((sum, { text }) => sum + taken(4 + text.length), 0);
        }
        expect(ring.available).toBe(used);
      }
    }),
    RUNS,
  );
});

test("user space produces, programs consume", () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ size: fc.nat({ max: 700 }), discard: fc.boolean() }) },
    { weight: 1, arbitrary: fc.constant({ drain: true } as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      using kernel = createKernel();
      using object = openProg("ring_buffers").load(kernel.bpf);
      using ring = object.map("orders").userRingBuffer();
      let waiting: { amount: number; size: number; discard: boolean }[] = [];
      let used = 0;
      let total = 0n;
      let amount = 0;
      for (const one of steps) {
        if ("size" in one) {
          const { size, discard } = one;
          amount++;
          const bytes = new Uint8Array(size);
          // An order: its id is 1.
          if (size >= 8) bytes.set([1, 0, 0, 0, amount, amount >> 8]);
          try {
            const sample = ring.reserve(size).write(bytes);
            if (discard) sample.discard();
            else sample.submit();
            waiting.push({ amount, size, discard });
            used += taken(size);
          } catch (error) {
            if (!(error instanceof LibbpfError) || error.errno !== ENOSPC) throw error;
            expect(used + taken(size)).toBeGreaterThan(SIZE);
          }
        } else {
          object.program("drain").run({ data: new Uint8Array(64) });
          const shown = waiting.filter(({ discard }) => !discard);
          for (const { size, amount: one } of shown) if (size >= 8) total += BigInt(one);
          expect([object.variable("drained").get(), object.variable("total").get()]).toEqual([
            BigInt(shown.length),
            total,
          ]);
          waiting = [];
          used = 0;
        }
        expect(ring.used).toBe(used);
      }
    }),
    RUNS,
  );
});
