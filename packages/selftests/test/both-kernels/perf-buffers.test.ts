/** Perf buffers of a loaded object, read as libbpf-ts does it, on both kernels. */
import { ENOENT } from "@bpf-ts/uapi/errno";
import type { BpfObject, PerfBuffer } from "libbpf-ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openProg } from "../../src/objects.ts";
import { caught } from "../caught.ts";
import { kernels, type OpenKernel } from "./kernels.ts";

interface Sample {
  sequence: bigint;
  length: number;
  cpu: number;
  packet: string;
}

for (const { name, open, skip } of kernels()) {
  describe.skipIf(skip)(name, () => {
    let kernel: OpenKernel;
    let object: BpfObject;
    beforeEach(() => {
      kernel = open();
      object = openProg("perf_output").load(kernel.bpf);
    });
    afterEach(() => {
      object.close();
      expect(kernel.describeLive()).toEqual([]);
    });

    const run = (program: string, length = 50): bigint => {
      object.program(program).run({ data: Uint8Array.from({ length: 14 + length }, (_, i) => 65 + (i % 26)) });
      return object.variable("result").get() as bigint;
    };
    const samples = (options: { pages?: number; wakeupEvents?: number } = {}): PerfBuffer<Sample> =>
      object.map("samples").perfBuffer<Sample>({ type: "sample", ...options });

    test("samples by their type, with the packet behind them", () => {
      expect(run("emit")).toBe(BigInt(-ENOENT));
      using buffer = samples();
      expect(buffer.read()).toBe(undefined);
      expect([run("emit", 50), run("capture", 60)]).toEqual([0n, 0n]);
      const seen: Sample[] = [];
      const cpus: number[] = [];
      expect(
        buffer.consume((sample, cpu) => {
          seen.push(sample);
          cpus.push(cpu);
        }),
      ).toBe(2);
      // Four bytes of padding behind the first.
      expect(seen).toEqual([
        { sequence: 2n, length: 50, cpu: 0, packet: "" },
        { sequence: 3n, length: 74, cpu: 0, packet: "ABCDEFGHIJKLMNOP" },
      ]);
      expect(cpus).toEqual([0, 0]);
      expect([buffer.read(), buffer.lost]).toEqual([undefined, 0n]);
    });

    test("without a type: bytes, as many as perf makes of them", () => {
      using buffer = object.map("samples").perfBuffer({ pages: 1 });
      run("emit", 50);
      const bytes = buffer.read()!;
      expect([bytes.length, bytes[0], bytes[8]]).toEqual([20, 1, 50]);
    });

    test("what did not fit is counted, and told of with the next sample that does", () => {
      const told: bigint[] = [];
      using buffer = object.map("samples").perfBuffer<Sample>({
        type: "sample",
        pages: 1,
        onLost: (count) => told.push(count),
      });
      // 32 bytes each, and one byte less than the buffer holds.
      for (let i = 1; i <= 200; i++) expect(run("emit") === 0n).toBe(i <= 127);
      const seen: bigint[] = [];
      buffer.consume(({ sequence }) => seen.push(sequence));
      expect([seen.length, seen.at(-1), buffer.lost]).toEqual([127, 127n, 0n]);
      expect([run("emit"), buffer.read()?.sequence]).toEqual([0n, 201n]);
      expect([buffer.lost, told]).toEqual([73n, [73n]]);
    });

    test("records go around the end", () => {
      using buffer = samples({ pages: 1 });
      for (let i = 1; i <= 1000; i++) {
        expect(run("capture", 2 + (i % 40))).toBe(0n);
        expect(buffer.read()).toMatchObject({ sequence: BigInt(i), length: 16 + (i % 40), cpu: 0 });
      }
    });

    test("waiting: poll, for await, close", async () => {
      const buffer = samples();
      const polled = buffer.poll(() => {});
      await Promise.resolve();
      run("emit");
      expect(await polled).toBe(1);
      const seen: bigint[] = [];
      const iteration = (async () => {
        for await (const { sequence } of buffer) if (seen.push(sequence) === 2) break;
      })();
      await Promise.resolve();
      run("emit");
      run("emit");
      await iteration;
      expect(seen).toEqual([2n, 3n]);
      const rest = (async () => {
        for await (const _ of buffer) throw new Error("there is none");
        return "over";
      })();
      await Promise.resolve();
      buffer.close();
      buffer.close();
      expect(await rest).toBe("over");
      expect(caught(() => buffer.read()).code).toBe("STATE");
      // The events are out of the map.
      expect(run("emit")).toBe(BigInt(-ENOENT));
    });

    test("wakeups after several records", async () => {
      using buffer = samples({ wakeupEvents: 3 });
      const seen: bigint[] = [];
      const polled = buffer.poll(({ sequence }) => seen.push(sequence));
      await Promise.resolve();
      for (let i = 0; i < 3; i++) run("emit");
      expect([await polled, seen]).toEqual([3, [1n, 2n, 3n]]);
    });

    test("what is refused", () => {
      for (const pages of [0, 3, -1, 0.5]) expect(caught(() => samples({ pages })).code).toBe("VALUE");
      expect(caught(() => object.map(".bss").perfBuffer()).code).toBe("MAP_INVALID");
      expect(caught(() => samples({ pages: 2 ** 40 })).errno).toBeDefined();
    });
  });
}
