import { describe, expect, test } from "vitest";
import { cli, objectFile } from "../memory-io.ts";

/** Durations are the only thing that differs from run to run. */
function withoutDurations(text: string): string {
  return text
    .replace(/(success|failure|unsupported|error)( +)(\d+)( +\d+ +\d+ +\d+)$/gm, "$1 <us>$4")
    .replace(/DURATION US: \d+/g, "DURATION US: <us>")
    .replace(/,(success|failure|unsupported|error),\d+,/g, ",$1,<us>,");
}

test("all programs are accepted: veristat's table, exit code 0", async () => {
  const { code, out, err } = await cli(["verify", "loader_calls.o"]);
  expect(code).toBe(0);
  expect(err).toBe("");
  // Instructions and states as a running Linux 6.18 counts them for the same object.
  expect(withoutDurations(out)).toBe(
    `File            Program       Verdict  Duration (us)  Insns  States  Peak states
--------------  ------------  -------  -------------  -----  ------  -----------
loader_calls.o  uses_all      success <us>     30       3            3
loader_calls.o  uses_one      success <us>     19       2            2
loader_calls.o  uses_address  success <us>     24       2            2
`,
  );
});

test("whole logs end with the kernel's line", async () => {
  const { code, out } = await cli(["verify", "-v", "--filter", "set_*", "loader_data.o"]);
  expect(code).toBe(0);
  expect(withoutDurations(out)).toMatch(
    /^PROCESSING loader_data.o\/set_step, DURATION US: <us>, VERDICT: success, VERIFIER LOG:\nprocessed 6 insns \(limit 1000000\) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n\n/,
  );
});

test("CSV with veristat's names", async () => {
  const { out } = await cli(["verify", "-o", "csv", "-f", "leaf", "-f", "*_leaf", "loader_maps.o"]);
  expect(withoutDurations(out)).toBe(
    "file_name,prog_name,verdict,duration,total_insns,total_states,peak_states\n" +
      "loader_maps.o,leaf,success,<us>,2,0,0\nloader_maps.o,other_leaf,success,<us>,2,0,0\n",
  );
});

describe("a program that is refused", () => {
  /** `r1 = *(u32 *)(r1 + 0)` of the last program becomes `r1 = *(u32 *)(r1 - 8)`. */
  function broken(): Uint8Array {
    const file = objectFile("loader_data");
    const at = Buffer.from(file).lastIndexOf(Buffer.from("6111000000000000", "hex"));
    file[at + 2] = 0xf8;
    file[at + 3] = 0xff;
    return file;
  }
  const files = { "broken.o": broken() };

  test("exit code 1, errno, message and the log's end", async () => {
    const { code, out } = await cli(["verify", "broken.o", "-f", "set_step"], { files });
    expect(code).toBe(1);
    expect(withoutDurations(out)).toBe(
      `File      Program   Verdict  Duration (us)  Insns  States  Peak states
--------  --------  -------  -------------  -----  ------  -----------
broken.o  set_step  failure <us>      1       0            0

set_step: program load failed: EACCES (13): invalid bpf_context access off=-8 size=4
0: R1=ctx() R10=fp0
; step_size = skb->len; @ loader_data.c:52
0: (61) r1 = *(u32 *)(r1 -8)
invalid bpf_context access off=-8 size=4
processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`,
    );
  });

  test("as JSON, with the names of a batch's answers", async () => {
    const { code, out } = await cli(["verify", "--json", "broken.o"], { files });
    expect(code).toBe(1);
    const { programs, ...rest } = JSON.parse(out);
    expect(rest).toEqual({ object: "broken.o", warnings: [] });
    expect(programs).toHaveLength(3);
    expect(programs[2]).toEqual({
      program: "set_step",
      section: "socket",
      type: "socket_filter",
      verdict: "reject",
      errno: 13,
      message: "invalid bpf_context access off=-8 size=4",
      processed: 1,
      total_states: 0,
      peak_states: 0,
      max_states_per_insn: 0,
      log: expect.stringMatching(/^0: R1=ctx\(\) R10=fp0\n/),
      usec: expect.any(Number),
    });
    expect(programs[0]).toMatchObject({ program: "count", verdict: "accept", errno: 0, message: "", processed: 39 });
  });

  test("of long logs the end is shown, and how much is not", async () => {
    const file = objectFile("loader_calls");
    file.set([0xbc, 0x51, 0, 0, 0, 0, 0, 0], Buffer.from(file).indexOf(Buffer.from("b401000005000000", "hex")));
    const { out } = await cli(["verify", "-l", "2", "calls.o"], { files: { "calls.o": file } });
    expect(out).toMatch(/\n\(\d+ line\(s\) omitted: -v shows them\)\n/);
  });
});

test("what is unsupported: exit code 3, each by name", async () => {
  const { code, out } = await cli(["verify", "loader_core.o"]);
  expect(code).toBe(3);
  expect(out).toContain("\nrelocated: unsupported: CO-RE relocations (1 in function tgid_of of program relocated)\n");
  const json = JSON.parse((await cli(["verify", "--json", "loader_externs.o"])).out);
  expect(json.programs.map((one: { program: string; unsupported?: string }) => [one.program, one.unsupported])).toEqual(
    [
      ["plain", undefined],
      ["wants_kconfig", "extern kconfig variables"],
      ["wants_weak_kconfig", "extern kconfig variables"],
      ["wants_variable", "extern kernel variables"],
      ["wants_weak_variable", "extern kernel variables"],
      ["wants_function", "extern kernel functions"],
      ["wants_weak_function", "extern kernel functions"],
    ],
  );
});

test("sections that libbpf does not know: broken input, until somebody says what they are", async () => {
  const { code, out, err } = await cli(["verify", "loader_legacy.o"]);
  expect(code).toBe(2);
  expect(out).toContain(
    '\nunknown_section: section "from-netdev" is no name that libbpf knows: --section takes it for another\n',
  );
  expect(err).toBe("warning: map shared: its definition of 36 bytes is not zero at byte 24: ignored\n");
  expect((await cli(["verify", "--section", "tc", "loader_legacy.o"])).code).toBe(0);
  expect(await cli(["verify", "--section", "nothing", "loader_legacy.o"])).toMatchObject({
    code: 2,
    err: "error: --section nothing: libbpf knows no section of that name (see --help)\n",
  });
});

test("map tracers are known to the in-process kernel, not to a given one", async () => {
  expect((await cli(["verify", "bpf_map_trace_update_elem.o"])).code).toBe(0);
  const btf = (await import("@bpf-ts/btf")).BtfBuilder;
  const empty = new btf();
  empty.addInt("int", 4, { signed: true });
  const files = { vmlinux: empty.encode() };
  const { code, out } = await cli(["verify", "bpf_map_trace_update_elem.o", "--kernel-btf", "vmlinux"], { files });
  expect(code).toBe(1);
  expect(out).toContain(
    "tracer: program load failed: ESRCH (3): program tracer: func 'bpf_map_trace__BPF_MAP_TRACE_UPDATE_ELEM' is not found",
  );
});

test.each<[string, string[], number, string]>([
  ["no file", ["verify", "missing.o"], 2, "error: cannot read missing.o: no such file\n"],
  ["no object file", ["verify", "text"], 2, "error: text: not an ELF file: it does not begin with 7f 45 4c 46\n"],
  ["an empty file", ["verify", "empty"], 2, "error: empty: not an ELF file: it is empty\n"],
  [
    "an object that ends early",
    ["verify", "cut.o"],
    2,
    "error: cut.o: section table: bytes 5904..6800 lie outside the file of 3000 bytes\n",
  ],
  [
    "a name that no program has",
    ["verify", "loader_data.o", "-f", "x*", "-f", "y"],
    2,
    "error: --filter x*, y matches no program: there are count, read, set_step (see --help)\n",
  ],
  ["nothing to verify", ["verify"], 2, "error: an object file is missing (or --batch) (see --help)\n"],
  ["an unknown option", ["verify", "--frobnicate"], 2, "error: unknown option '--frobnicate'\n"],
  [
    "a level that is none",
    ["verify", "-l", "9", "loader_calls.o"],
    2,
    "error: option '-l, --log-level <N>' argument '9' is invalid. must be 0 to 7.\n",
  ],
  [
    "options of batches",
    ["verify", "--btf-dir", "x", "loader_calls.o"],
    2,
    "error: --btf-dir goes together with --batch only (see --help)\n",
  ],
])("%s", async (_, argv, code, err) => {
  const files = { text: "hello", empty: "", "cut.o": objectFile("loader_maps").subarray(0, 3000) };
  const outcome = await cli(argv, { files });
  expect([outcome.code, outcome.err, outcome.out]).toEqual([code, err, ""]);
});

test("with --json errors are JSON too", async () => {
  const { code, out } = await cli(["verify", "--json", "missing.o"]);
  expect(code).toBe(2);
  expect(JSON.parse(out)).toEqual({ error: { code: "INPUT", message: "cannot read missing.o: no such file" } });
  expect(JSON.parse((await cli(["verify", "--json", "--frobnicate"])).out)).toEqual({
    error: { code: "USAGE", message: "unknown option '--frobnicate'" },
  });
});
