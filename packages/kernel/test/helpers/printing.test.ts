import { UnsupportedError } from "@bpf-ts/uapi";
import { describe, expect, test } from "vitest";
import type { SeqFile } from "../../src/helpers/env.ts";
import { HelperMachine, withHelpers } from "./machine.ts";

const TRACE_PRINTK = 6;
const SEQ_PRINTF = 126;
const SEQ_WRITE = 127;
const SNPRINTF = 165;
const TRACE_VPRINTK = 177;

/** `u64` values in a block. */
function values(machine: HelperMachine, ...list: bigint[]): number {
  const block = machine.block(8 * list.length);
  for (const [i, value] of list.entries()) machine.memory.setU64(block + 8 * i, value);
  return block;
}

describe("bpf_trace_printk", () => {
  test(
    "prints up to three arguments and answers the length",
    withHelpers((machine) => {
      const format = (text: string): [number, number] => [machine.text(text), text.length + 1];
      expect(machine.call(TRACE_PRINTK, ...format("hello"))).toBe(5n);
      expect(machine.call(TRACE_PRINTK, ...format("%d %s %llx\n"), -1, machine.text("two"), 1n << 40n)).toBe(19n);
      expect(machine.printed).toEqual(["hello", "-1 two 10000000000\n"]);
      expect(machine.call(TRACE_PRINTK, ...format("%d %d %d %d"), 1, 2, 3)).toBe(-22n);
      expect(machine.call(TRACE_PRINTK, ...format("%f"), 1)).toBe(-22n);
      // Without a NUL in the given size it is no string.
      expect(machine.call(TRACE_PRINTK, machine.text("hello"), 5)).toBe(-22n);
      expect(machine.printed).toHaveLength(2);
    }),
  );

  test(
    "cuts at 1023 bytes, and tells the whole length",
    withHelpers((machine) => {
      const text = "%900d%900d";
      expect(machine.call(TRACE_PRINTK, machine.text(text), text.length + 1, 1, 2)).toBe(1800n);
      expect(machine.printed[0]).toBe(`${" ".repeat(899)}1${" ".repeat(123)}`);
    }),
  );

  test(
    "with an array: up to twelve",
    withHelpers((machine) => {
      const text = "%d,".repeat(12);
      const list = values(machine, ...Array.from({ length: 13 }, (_, i) => BigInt(i)));
      expect(machine.call(TRACE_VPRINTK, machine.text(text), text.length + 1, list, 96)).toBe(26n);
      expect(machine.printed).toEqual(["0,1,2,3,4,5,6,7,8,9,10,11,"]);
      expect(machine.call(TRACE_VPRINTK, machine.text("x"), 2, list, 104)).toBe(-22n);
      expect(machine.call(TRACE_VPRINTK, machine.text("x"), 2, list, 4)).toBe(-22n);
      expect(machine.call(TRACE_VPRINTK, machine.text("x"), 2, 0, 8)).toBe(-22n);
    }),
  );
});

describe("bpf_snprintf", () => {
  test(
    "answers the length with the NUL, and cuts to the buffer",
    withHelpers((machine) => {
      const out = machine.block(8);
      machine.memory.u8.fill(0x55, out, out + 8);
      const args = values(machine, 12345n, 0xabcn);
      expect(machine.call(SNPRINTF, out, 8, machine.text("%d-%x"), args, 16)).toBe(10n);
      expect(machine.textAt(out)).toBe("12345-a");
      expect(machine.call(SNPRINTF, 0, 0, machine.text("%d-%x"), args, 16)).toBe(10n);
      expect(machine.call(SNPRINTF, out, 8, machine.text("%d"), args, 16)).toBe(6n);
      expect(machine.textAt(out)).toBe("12345");
    }),
  );

  test(
    "addresses: %p in full, symbols by name",
    withHelpers(
      (machine) => {
        const out = machine.block(80);
        const args = values(machine, 0x12345n, 0xffffffff81000010n, 0xffffffff81000010n, 0x99n);
        expect(machine.call(SNPRINTF, out, 80, machine.text("%p %ps %pS %ps"), args, 32)).toBe(52n);
        expect(machine.textAt(out)).toBe("0000000000012345 do_thing do_thing+0x10/0x1000 0x99");
      },
      {
        symbol: (address, offset) => {
          if (address !== 0xffffffff81000010n) return undefined;
          return offset ? "do_thing+0x10/0x1000" : "do_thing";
        },
      },
    ),
  );
});

describe("seq_file", () => {
  class Buffer implements SeqFile {
    text = "";
    overflowed = false;
    readonly size: number;
    constructor(size: number) {
      this.size = size;
    }
    get room(): number {
      return this.overflowed ? 0 : this.size - this.text.length;
    }
    append(bytes: Uint8Array): void {
      this.text += String.fromCharCode(...bytes);
    }
    overflow(): void {
      this.overflowed = true;
    }
  }
  const SEQ = 0x70000;

  function withBuffer(size: number, test: (machine: HelperMachine, buffer: Buffer) => void): () => void {
    const buffer = new Buffer(size);
    return withHelpers((machine) => test(machine, buffer), {
      seqFile: (address) => (address === SEQ ? buffer : undefined),
    });
  }

  test(
    "bpf_seq_write",
    withBuffer(10, (machine, buffer) => {
      expect(machine.call(SEQ_WRITE, SEQ, machine.text("abcde"), 5)).toBe(0n);
      expect(machine.call(SEQ_WRITE, SEQ, machine.text("fghi"), 4)).toBe(0n);
      expect(buffer.text).toBe("abcdefghi");
      // One byte stays free.
      expect(machine.call(SEQ_WRITE, SEQ, machine.text("j"), 1)).toBe(-75n);
      expect(buffer.overflowed).toBe(true);
      expect(machine.call(SEQ_WRITE, SEQ, machine.text(""), 0)).toBe(-75n);
    }),
  );

  test(
    "bpf_seq_printf",
    withBuffer(16, (machine, buffer) => {
      const args = values(machine, 42n, BigInt(machine.text("name")));
      const print = (text: string, length: number): bigint =>
        machine.call(SEQ_PRINTF, SEQ, machine.text(text), text.length + 1, args, length);
      expect(print("%d %s\n", 16)).toBe(0n);
      expect(buffer.text).toBe("42 name\n");
      expect(print("%d %d", 8)).toBe(-22n);
      expect(print("x", 4)).toBe(-22n);
      expect(print("x", 104)).toBe(-22n);
      expect(buffer.overflowed).toBe(false);
      expect(print("%8d", 8)).toBe(-75n);
      expect(buffer.text).toBe("42 name\n");
      expect(buffer.overflowed).toBe(true);
    }),
  );

  test("without iterators they are unsupported by name", () => {
    const machine = new HelperMachine();
    expect(() => machine.call(SEQ_WRITE, 0, 0, 0)).toThrow(new UnsupportedError("helper bpf_seq_write"));
    expect(() => machine.call(SEQ_PRINTF, 0, 0, 0)).toThrow(new UnsupportedError("helper bpf_seq_printf"));
    machine.close();
  });
});
