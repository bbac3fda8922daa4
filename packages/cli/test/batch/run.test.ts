import { gzipSync } from "node:zlib";
import { BtfBuilder } from "@bpf-ts/btf";
import { expect, test } from "vitest";
import type { BatchRecord } from "../../src/batch/index.ts";
import { chunks, cli } from "../memory-io.ts";

/** `r0 = 0; exit`. */
const RETURN_0 = "b7000000000000009500000000000000";
/** `r0 = r5; exit`. */
const UNSET = "bf500000000000009500000000000000";
/** `r1 = map 0; r0 = 0; exit`. */
const WITH_MAP = `18010000000000000000000000000000${RETURN_0}`;
/** `r0 = 0` where the map would be. */
const WITH_NUMBER = `b700000000000000${RETURN_0}`;
/** `r1 = &value of map 0; r0 = *(u32 *)(r1 + 0); if r0 == 7 goto +1; r0 = r5; exit`: right only if the value is known. */
const CONSTANT =
  "18210000000000000000000000000000611000000000000015000100070000009500000000000000b7000000000000009500000000000000";

function row(id: string, insns: string, more: object = {}, rest: object = {}): string {
  return `${JSON.stringify({ id, load: { prog_type: 1, license: "GPL", insns, ...more }, ...rest })}\n`;
}

async function batch(
  input: readonly (string | Uint8Array)[],
  argv: readonly string[] = [],
  files: Record<string, Uint8Array | string> = {},
): Promise<{ code: number; records: BatchRecord[]; err: string }> {
  const { code, out, err } = await cli(["verify", "--batch", ...argv], { stdin: chunks(...input), files });
  const records = out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as BatchRecord);
  return { code, records, err };
}

test("an answer a line, in the lines' order; the exit code says that all were answered", async () => {
  const { code, records } = await batch([
    row("good", RETURN_0),
    row("bad", UNSET),
    "no row\n",
    row("unknown type", RETURN_0, { prog_type: 99 }),
    row("offloaded", RETURN_0, { prog_flags: 0x40 }),
  ]);
  expect(code).toBe(0);
  // Logs as a running Linux 6.18 gives them.
  expect(records).toEqual([
    {
      id: "good",
      verdict: "accept",
      errno: 0,
      message: "",
      processed: 2,
      log: "processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n",
      usec: expect.any(Number),
    },
    {
      id: "bad",
      verdict: "reject",
      errno: 13,
      message: "R5 !read_ok",
      processed: 1,
      log: "0: R1=ctx() R10=fp0\n0: (bf) r0 = r5\nR5 !read_ok\nprocessed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n",
      usec: expect.any(Number),
    },
    { id: null, line: 3, verdict: "error", message: expect.stringMatching(/^no JSON: /) },
    { id: "unknown type", verdict: "reject", errno: 22, message: "", processed: 0, usec: expect.any(Number) },
    {
      id: "offloaded",
      verdict: "unsupported",
      errno: 0,
      message: "unsupported: prog-flag (0x40)",
      processed: 0,
      unsupported: "prog-flag",
      usec: expect.any(Number),
    },
  ]);
});

test("log levels: 1 without one, none at 0, states at 2", async () => {
  const { records } = await batch([
    row("none", RETURN_0, {}, { log_level: 0 }),
    row("two", RETURN_0, {}, { log_level: 2 }),
  ]);
  expect(records[0]).not.toHaveProperty("log");
  expect(records[1]).toMatchObject({
    log:
      "func#0 @0\nLive regs before insn:\n      0: .......... (b7) r0 = 0\n      1: 0......... (95) exit\n0: R1=ctx() R10=fp0\n" +
      "0: (b7) r0 = 0                        ; R0=0\n1: (95) exit\n" +
      "processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n",
  });
});

test("a row in pieces, two in one, the last one without an end", async () => {
  const text = row("a", RETURN_0) + row("b", UNSET) + row("c", RETURN_0).trimEnd();
  const bytes = new TextEncoder().encode(text);
  const { records } = await batch([bytes.subarray(0, 10), bytes.subarray(10, 150), bytes.subarray(150)]);
  expect(records.map(({ id, verdict }) => [id, verdict])).toEqual([
    ["a", "accept"],
    ["b", "reject"],
    ["c", "accept"],
  ]);
});

test("maps by their definitions; a reference to none; contents of frozen ones", async () => {
  const map = { type: 2, name: "m", key_size: 4, value_size: 8, max_entries: 1, map_flags: 0x80 };
  const refs = { map_refs: [[0, 0]] };
  const { records } = await batch([
    row("a map", WITH_MAP, refs, { maps: [map] }),
    row("no map", WITH_MAP, {}, { maps: [map] }),
    row("no fd", WITH_MAP.replace("1801000000000000", "1811000005000000"), {}, { maps: [map] }),
    row("a constant", CONSTANT, refs, {
      maps: [{ ...map, frozen: true, init_key: "00000000", init: "0700000000000000" }],
    }),
    row("a variable", CONSTANT, refs, { maps: [map] }),
    row("never written", CONSTANT, refs, { maps: [{ ...map, frozen: true }] }),
    row("a reference of what is none", WITH_NUMBER, refs, { maps: [map] }),
    row("a loop", WITH_MAP, refs, { maps: [{ ...map, inner_map: 0 }] }),
  ]);
  expect(records.map(({ id, verdict, message }) => [id, verdict, message])).toEqual([
    ["a map", "accept", ""],
    ["no map", "accept", ""],
    ["no fd", "reject", "fd 5 is not pointing to valid bpf_map"],
    ["a constant", "accept", ""],
    ["a variable", "accept", ""],
    ["never written", "accept", ""],
    ["a reference of what is none", "accept", ""],
    ["a loop", "error", "maps[0].inner_map: a map that contains itself"],
  ]);
  // With the constant known, one of the two branches is not walked.
  expect(records.map((record) => ("processed" in record ? record.processed : 0)).slice(3, 6)).toEqual([5, 6, 4]);
});

test("BTF by name, packed or not; what is missing or broken is that line's error alone", async () => {
  const btf = new BtfBuilder();
  const proto = btf.addFuncProto(btf.addInt("int", 4, { signed: true }), []);
  btf.addFunc("main", proto);
  const bytes = btf.encode();
  const info = { func_info: { rec_size: 8, cnt: 1, hex: "0000000003000000" } };
  const rows = [
    row("plain", RETURN_0, { btf: "plain", ...info }),
    row("packed", RETURN_0, { btf: "packed", ...info }),
    row("missing", RETURN_0, { btf: "missing" }),
    row("broken", RETURN_0, { btf: "broken" }),
    row("torn", RETURN_0, { btf: "torn" }),
    row("after", RETURN_0),
  ];
  const files = {
    "types/plain.btf": bytes,
    "types/packed.btf.gz": gzipSync(bytes),
    "types/broken.btf": "no BTF",
    "types/torn.btf.gz": gzipSync(bytes).subarray(0, 30),
  };
  const { records } = await batch(rows, ["--btf-dir", "types"], files);
  expect(records.map(({ id, verdict, message }) => [id, verdict, message])).toEqual([
    ["plain", "accept", ""],
    ["packed", "accept", ""],
    ["missing", "error", "cannot read types/missing.btf.gz: no such file"],
    ["broken", "error", 'BTF "broken": BTF of 6 bytes, a header needs 24'],
    ["torn", "error", expect.stringMatching(/^types\/torn\.btf\.gz: broken gzip file: /)],
    ["after", "accept", ""],
  ]);
  const without = await batch([rows[0]!]);
  expect(without.records).toMatchObject([
    { id: "plain", line: 1, verdict: "error", message: 'BTF "plain": no folder to look in was given (--btf-dir)' },
  ]);
});

test.each([
  ["digits that are none", { insns: "zz" }, "load.insns: no hexadecimal bytes from digit 0 on"],
  ["half an instruction", { insns: "b7000000" }, "load.insns: 4 bytes are no multiple of 8"],
  ["more instructions than there are", { insn_cnt: 3 }, "load.insn_cnt: 3 instructions, load.insns has 2"],
  [
    "records that do not fit",
    { func_info: { rec_size: 8, cnt: 2, hex: "00" } },
    "load.func_info: 2 records of 8 bytes, hex has 1 bytes",
  ],
])("%s", async (_, load, message) => {
  const { records } = await batch([row("x", RETURN_0, load)]);
  expect(records).toEqual([{ id: "x", line: 1, verdict: "error", errno: 0, message, processed: 0, usec: 0 }]);
});

test("no program at all, and fewer instructions than are there", async () => {
  const { records } = await batch([row("empty", ""), row("cut", RETURN_0, { insn_cnt: 1 })]);
  expect(records).toMatchObject([
    { id: "empty", verdict: "reject", errno: 7 },
    { id: "cut", verdict: "reject", errno: 22, message: "last insn is not an exit or jmp" },
  ]);
});

test("a line of 16 MB: a program of a million instructions", async () => {
  // Refused at the first of them: walking through them all is the verifier's matter, and takes seconds.
  const insns = `bf50000000000000${"b700000000000000".repeat(999_998)}9500000000000000`;
  const { records } = await batch([row("long", insns), row("after", insns.slice(-16 * 100_000))]);
  expect(records).toMatchObject([
    { id: "long", verdict: "reject", errno: 13, message: "R5 !read_ok", processed: 1 },
    { id: "after", verdict: "accept", processed: 100_000 },
  ]);
  expect((await batch([row("too long", insns.slice(16) + insns)])).records).toMatchObject([
    { id: "too long", verdict: "reject", errno: 7, processed: 0 },
  ]);
});

test("bytes that are no text", async () => {
  const { records } = await batch([new Uint8Array([0xff, 0xfe, 0x0a])]);
  expect(records).toEqual([{ id: null, line: 1, verdict: "error", message: "no UTF-8" }]);
});

test("a kernel's types that cannot be read end the command before anything is read", async () => {
  const { code, records, err } = await batch([row("a", RETURN_0)], ["--kernel-btf", "nothing"]);
  expect({ code, records, err }).toEqual({ code: 2, records: [], err: "error: cannot read nothing: no such file\n" });
});

test.each([
  [["OBJ"], "--batch does not go together with OBJ"],
  [["--filter", "x", "-l", "2"], "--batch does not go together with --filter, --log-level"],
])("%j", async (argv, message) => {
  const { code, err } = await batch([], argv);
  expect([code, err]).toEqual([2, `error: ${message} (see --help)\n`]);
});
