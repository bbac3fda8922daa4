/// <reference types="node" />
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_XDP,
  DATA_BYTES,
  type HelperCase,
  here,
  inLinux,
  unavailable,
} from "./linux.ts";
import { HelperMachine } from "./machine.ts";

/** Helpers whose result depends on nothing but their arguments, compared with the running kernel. */

const reason = unavailable();

const STRTOL = 105;
const STRTOUL = 106;
const SNPRINTF = 165;
const STRNCMP = 182;
const CSUM_DIFF = 28;
const PROBE_READ = 4;
const PROBE_READ_STR = 45;
const PROBE_READ_USER = 112;
const PROBE_READ_USER_STR = 114;
const PROBE_READ_KERNEL = 113;
const PROBE_READ_KERNEL_STR = 115;

const runs = Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 300);

function compare(cases: readonly HelperCase[]): void {
  const machine = new HelperMachine();
  const want = inLinux(cases);
  if (typeof want === "string") throw new Error(want);
  const got = here(machine, cases);
  for (const [i, one] of cases.entries()) {
    expect(got[i], describeCase(one)).toMatchObject(want[i]!);
  }
  machine.close();
}

function describeCase({ id, args, data, rodata }: HelperCase): string {
  const text = (bytes: Uint8Array | undefined): string =>
    JSON.stringify(
      Buffer.from(bytes ?? [])
        .toString("latin1")
        .replace(/\0+$/, ""),
    );
  return `helper ${id}(${args.map(String).join(", ")}) data ${text(data)} rodata ${text(rodata)}`;
}

/** Bytes of a text, Latin-1. */
function latin1(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

const numberText: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("", "", " ", "\t \n", "\u00a0", "\v\f\r"),
    fc.constantFrom("", "", "-", "+", "- ", "--"),
    fc.constantFrom("", "", "0", "0x", "0X", "0x0x", "00"),
    fc.oneof(
      fc.stringMatching(/^[0-9]{0,22}$/),
      fc.stringMatching(/^[0-9a-fA-FgG]{0,20}$/),
      fc.stringMatching(/^[0-7]{0,26}$/),
      fc.constantFrom(
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "7fffffffffffffff",
        "ffffffffffffffff",
        "10000000000000000",
        "1777777777777777777777",
        "2000000000000000000000",
        "0".repeat(70),
      ),
    ),
    fc.constantFrom("", " ", "z", "\n", "\0", "9"),
  )
  .map((parts) => parts.join(""));

/** Says why, where these tests cannot run. */
const title = `as in the running kernel${reason === undefined ? "" : ` (skipped: ${reason})`}`;

describe.skipIf(reason !== undefined)(title, () => {
  test("bpf_strtol and bpf_strtoul", () => {
    const one = fc.record({
      id: fc.constantFrom(STRTOL, STRTOUL),
      text: numberText,
      // The verifier wants at least one byte.
      size: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
      flags: fc.oneof(
        fc.constantFrom(0n, 8n, 10n, 16n),
        fc.constantFrom(2n, 7n, 31n, 32n, 48n, 1n << 32n, (1n << 32n) | 10n),
      ),
    });
    compare(
      fc.sample(one, runs).map(({ id, text, size, flags }): HelperCase => {
        const bytes = latin1(text);
        const data = new Uint8Array(DATA_BYTES).fill(0xaa, 0, 8);
        data.set(bytes, 8);
        return { id, args: [["data", 8], size ?? Math.max(1, bytes.length), flags, ["data", 0]], data };
      }),
    );
  });

  test("bpf_strncmp", () => {
    const text = fc.stringMatching(/^[ab\u00e9]{0,6}$/);
    compare(
      fc.sample(fc.record({ a: text, b: text, size: fc.integer({ min: 1, max: 8 }) }), runs).map(
        ({ a, b, size }): HelperCase => ({
          id: STRNCMP,
          args: [["data", 0], size, ["rodata", 0]],
          data: latin1(a),
          rodata: latin1(`${b}\0`),
        }),
      ),
    );
  });

  test("bpf_csum_diff", () => {
    const bytes = fc.uint8Array({ minLength: 0, maxLength: 64 });
    const ones = fc.integer({ min: 0, max: 64 }).map((n) => new Uint8Array(n).fill(0xff));
    const zeros = fc.integer({ min: 0, max: 64 }).map((n) => new Uint8Array(n));
    const one = fc.record({
      from: fc.oneof(bytes, ones, zeros),
      to: fc.oneof(bytes, ones, zeros),
      seed: fc.oneof(
        fc.bigInt({ min: 0n, max: 0xffffffffn }),
        fc.constantFrom(0n, 0xffffn, 0xffff0000n, 0xffffffffn, 1n << 32n),
      ),
      aligned: fc.boolean(),
    });
    compare(
      fc.sample(one, runs).map(({ from, to, seed, aligned }): HelperCase => {
        const data = new Uint8Array(DATA_BYTES);
        data.set(from, 0);
        data.set(to, 128);
        const size = (array: Uint8Array): number => (aligned ? array.length & ~3 : array.length);
        return { id: CSUM_DIFF, args: [["data", 0], size(from), ["data", 128], size(to), seed], data };
      }),
    );
  });

  test("bpf_probe_read_kernel and its string form, of what is there and of what is not", () => {
    const one = fc.record({
      id: fc.constantFrom(
        PROBE_READ_KERNEL,
        PROBE_READ_KERNEL_STR,
        PROBE_READ,
        PROBE_READ_STR,
        PROBE_READ_USER,
        PROBE_READ_USER_STR,
      ),
      text: fc.stringMatching(/^[a-z]{0,20}$/),
      size: fc.integer({ min: 0, max: 32 }),
      bad: fc.option(
        fc.constantFrom(0n, 8n, 0xffffn, 0x7ffffffff000n, 0xdead000000000000n, -1n, -4096n, 0xffffffffff600000n),
        {
          nil: undefined,
        },
      ),
    });
    compare(
      fc.sample(one, runs).map(({ id, text, size, bad }): HelperCase => {
        const data = new Uint8Array(DATA_BYTES).fill(0x55, 0, 64);
        data.set(latin1(`${text}\0xyz`), 128);
        // The running kernel's maps are no user memory.
        const isUser = id === PROBE_READ_USER || id === PROBE_READ_USER_STR;
        const type = id === PROBE_READ || id === PROBE_READ_STR ? { type: BPF_PROG_TYPE_RAW_TRACEPOINT } : {};
        return { id, ...type, args: [["data", 0], size, isUser ? (bad ?? 0n) : (bad ?? ["data", 128])], data };
      }),
    );
  });

  const packet = fc.uint8Array({ minLength: 20, maxLength: 80 });

  test("packets of classifiers: loads, stores, checksums", () => {
    const offset = fc.oneof(
      fc.integer({ min: 0, max: 90 }),
      fc.constantFrom(0xfffe, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff),
    );
    const one = fc.record({
      helper: fc.constantFrom("load", "store", "pull", "l3", "l4"),
      packet: fc.oneof(
        packet,
        packet.map((bytes) => new Uint8Array(bytes.length)),
        packet.map((bytes) => bytes.fill(0xff)),
      ),
      offset,
      length: fc.integer({ min: 1, max: 40 }),
      from: fc.oneof(fc.bigInt({ min: 0n, max: 0xffffffffn }), fc.constantFrom(0n, 0xffffn, 0xffffffffn, 1n << 32n)),
      to: fc.oneof(fc.bigInt({ min: 0n, max: 0xffffffffn }), fc.constantFrom(0n, 0xffffn, 0xffffffffn)),
      flags: fc.constantFrom(
        0n,
        1n,
        2n,
        4n,
        0x10n,
        0x12n,
        0x22n,
        0x24n,
        0x62n,
        0x64n,
        0x60n,
        0x82n,
        0x102n,
        (1n << 32n) | 2n,
      ),
    });
    compare(
      fc.sample(one, runs * 3).map(({ helper, packet, offset, length, from, to, flags }): HelperCase => {
        const data = new Uint8Array(DATA_BYTES).map((_, i) => i * 7);
        if (helper === "load") return { id: 26, args: ["ctx", offset, ["data", 8], length], data, packet };
        if (helper === "store") return { id: 9, args: ["ctx", offset, ["data", 8], length, flags], data, packet };
        if (helper === "pull") return { id: 39, args: ["ctx", offset], packet };
        return { id: helper === "l3" ? 10 : 11, args: ["ctx", offset, from, to, flags], packet };
      }),
    );
  });

  test("frames of XDP programs: loads, stores, resizing", () => {
    const near = (n: number): fc.Arbitrary<number> => fc.integer({ min: n - 2, max: n + 2 });
    const one = fc.record({
      helper: fc.constantFrom("length", "load", "store", "head", "tail"),
      packet,
      offset: fc.oneof(fc.integer({ min: 0, max: 90 }), fc.constantFrom(0xffff, 0x10000, 0xffffffff)),
      length: fc.integer({ min: 1, max: 40 }),
      move: fc.oneof(
        fc.integer({ min: -80, max: 80 }),
        near(-216),
        near(-256),
        near(3520 - 60),
        fc.constantFrom(-(2 ** 31), 2 ** 31 - 1),
      ),
    });
    compare(
      fc.sample(one, runs * 2).map(({ helper, packet, offset, length, move }): HelperCase => {
        const data = new Uint8Array(DATA_BYTES).map((_, i) => i * 7);
        const type = BPF_PROG_TYPE_XDP;
        if (helper === "length") return { id: 188, args: ["ctx"], packet, type };
        if (helper === "load") return { id: 189, args: ["ctx", offset, ["data", 8], length], data, packet, type };
        if (helper === "store") return { id: 190, args: ["ctx", offset, ["data", 8], length], data, packet, type };
        return { id: helper === "head" ? 44 : 65, args: ["ctx", BigInt(move)], packet, type };
      }),
    );
  });

  describe("bpf_snprintf", () => {
    const VALUES = 256;
    /** Where Linux prints such an argument behind a full buffer, the ones after it are what an earlier call left in memory. */
    const PREFORMATTED = /%[-+0-9 ]*p[kuBiI]/;

    /** `[format, values]`, where a value may be `"text"`: the address of that text. */
    function printf(format: string, values: readonly (bigint | string)[], size: number): HelperCase {
      const data = new Uint8Array(DATA_BYTES);
      const view = new DataView(data.buffer);
      // Output, 256 bytes; values, 12 × 8; texts.
      data.fill(0x55, 0, VALUES);
      const pointers: [number, number][] = [];
      let at = VALUES + 96;
      for (const [i, value] of values.entries()) {
        if (typeof value === "bigint") {
          view.setBigUint64(VALUES + 8 * i, BigInt.asUintN(64, value), true);
          continue;
        }
        pointers.push([VALUES + 8 * i, at]);
        data.set(latin1(`${value}\0`), at);
        at += value.length + 1;
      }
      const args: HelperCase["args"] = [
        ["data", 0],
        size,
        ["rodata", 0],
        values.length === 0 ? 0 : ["data", VALUES],
        values.length * 8,
      ];
      return { id: SNPRINTF, args, data, rodata: latin1(`${format}\0`), pointers };
    }

    const FORMATS: [string, (bigint | string)[]][] = [
      ["plain text", []],
      ["", []],
      ["100%%", []],
      ["%d %i %u %x %X", [-1n, 5n, -1n, 0xbeefn, 0xbeefn]],
      ["%ld %li %lu %lx %lX", [-1n, 5n, -1n, 0xbeefn, 0xbeefn]],
      ["%lld %lli %llu %llx %llX", [-1n, 1n << 63n, -1n, 0xdeadbeef00n, 0xdeadbeef00n]],
      ["%d", [0x1_0000_0005n]],
      ["[%5d] [%-5d] [%05d] [%+d] [% d] [%+5d] [%-+5d] [%0-5d]", [42n, 42n, 42n, 42n, 42n, 42n, 42n, 42n]],
      ["[%5d] [%-5d] [%05d] [%+d] [% d] [%+05d] [% 05d]", [-42n, -42n, -42n, -42n, -42n, -42n, -42n]],
      ["[%3x] [%03X] [%12lx]", [255n, 255n, 1n << 40n]],
      ["%c%c%c", [0x41n, 0x142n, 0x43n]],
      ["[%3c] [%-3c]", [0x41n, 0x42n]],
      ["%s and %s", ["one", "two"]],
      ["[%6s] [%-6s] [%2s]", ["abc", "abc", "abc"]],
      ["%s", [0n]],
      ["%s", [0xdead000000000000n]],
      ["%pks", ["text"]],
      ["%pks|%d", [0n, 7n]],
      ["%pI4", ["\x0a\x01\xc8\xff"]],
      ["%pi4", ["\x0a\x01\xc8\xff"]],
      ["%pI6", ["\x20\x01\x0d\xb8\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"]],
      ["%pi6", ["\x20\x01\x0d\xb8\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"]],
      ["%pI4 %d", [0n, 5n]],
      ["%px", [0x123456789abcn]],
      ["%20px|%-20px|", [0xffff888000001234n, 0x10n]],
      ["%p", [0n]],
      ["%ps %pS %pB", [0x10n, 0x10n, 0x10n]],
      ["%d %s %c %llx", [1n, "mixed", 0x78n, 1n << 60n]],
      ["%c%d%c%lld", [0x61n, 1n, 0x62n, 2n]],
      ["%5%", [1n]],
      ["%", [1n]],
      ["%z", [1n]],
      ["%f", [1n]],
      ["%o", [1n]],
      ["%n", [1n]],
      ["%#x", [1n]],
      ["%.3s", ["abcdef"]],
      ["%*d", [1n, 2n]],
      ["%hd", [1n]],
      ["%llld", [1n]],
      ["%lld%", [1n]],
      ["%d%d", [1n]],
      ["%d", [1n, 2n]],
      ["%sx", ["a"]],
      ["%pd", [1n]],
      ["%pI5", [1n]],
      ["%pK", [0n]],
      ["%pKfoo", [0n]],
      ["%pxyz!", [0x10n]],
      ["%pe", [-2n]],
      ["%pI4foo!", ["\x01\x02\x03\x04"]],
      ["caf\u00e9", []],
      ["\u00e9%d\u00e9", [1n]],
      ["%\u00e9", [1n]],
      ["%s\u00bf", ["x"]],
      ["%s\u00e9", ["x"]],
      ["%p\u00a1", [0n]],
      ["bell \x07", []],
      ["tab\tnewline\n", []],
      ["del \x7f", []],
      ["%d".repeat(12), Array.from({ length: 12 }, (_, i) => BigInt(i))],
    ];

    test("each conversion, allowed or not, into buffers of several sizes", () => {
      const sizes = [0, 1, 2, 5, 13, 128, 256];
      const sizesFor = ([format, values]: (typeof FORMATS)[0]): number[] =>
        PREFORMATTED.test(format) && values.length > 1 ? [256] : sizes;
      compare(FORMATS.flatMap((one) => sizesFor(one).map((size) => printf(one[0], one[1], size))));
    });

    test("lengths that are not allowed", () => {
      const wrong = (length: number): HelperCase => {
        const { args, ...rest } = printf("%d", [1n], 16);
        return { ...rest, args: [...args.slice(0, 4), length] };
      };
      compare([wrong(4), wrong(104), wrong(0), { ...wrong(8), args: [0, 0, ["rodata", 0], ["data", VALUES], 8] }]);
    });

    test("random formats", () => {
      const flag = fc.constantFrom("", "", "", "0", "-", "+", " ", "-0", "+ ");
      const width = fc.constantFrom("", "", "1", "4", "11", "20");
      const conversion = fc.constantFrom(
        "d",
        "i",
        "u",
        "x",
        "X",
        "ld",
        "lu",
        "lx",
        "lld",
        "llu",
        "llX",
        "c",
        "s",
        "pks",
        "px",
        "pI4",
        "pi4",
        "pI6",
        "pi6",
        "ps",
        "p",
        "%",
      );
      const value = fc.oneof(
        fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
        fc.bigInt({ min: -300n, max: 300n }),
        fc.constant(0n),
      );
      const part = fc.tuple(
        fc.constantFrom("", "a", " b ", "%%", ","),
        flag,
        width,
        conversion,
        value,
        fc.stringMatching(/^[a-z]{0,30}$/),
      );
      const one = fc.record({
        parts: fc.array(part, { maxLength: 5 }),
        size: fc.constantFrom(0, 1, 3, 10, 40, 100, 128),
      });
      const sample = fc.sample(one, runs * 2);
      compare(
        sample.map(({ parts, size }) => {
          let format = "";
          const values: (bigint | string)[] = [];
          for (const [text, flags, digits, letter, bits, pointee] of parts) {
            format += `${text}%${flags}${digits}${letter},`;
            if (letter === "%") continue;
            if (letter === "s" || letter === "pks") values.push(pointee);
            else if (letter.startsWith("pI") || letter.startsWith("pi")) values.push(pointee.padEnd(16, "\x01"));
            // Others are hashed with a key of the running kernel, or name its symbols.
            else if (letter === "p" || letter === "ps") values.push(0n);
            else values.push(bits);
          }
          return printf(format, values, PREFORMATTED.test(format) ? 256 : size);
        }),
      );
    });
  });
});
