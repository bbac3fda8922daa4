import { describe, expect, test } from "vitest";
import { cli, objectFile } from "../memory-io.ts";

const PACKET = "00".repeat(64);

test("return value and duration, as bpftool prints them", async () => {
  const { code, out, err } = await cli(["run", "loader_calls.o", "-p", "uses_one", "--data", PACKET]);
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(/^Return value: 24, duration \(average\): \d+ns\n$/);
});

test("several runs, data from a file, what maps hold afterwards", async () => {
  const { code, out } = await cli(
    [
      "run",
      "loader_data.o",
      "--program",
      "count",
      "--data-in",
      "packet",
      "--repeat",
      "3",
      "--dump-map",
      ".data",
      "--json",
    ],
    { files: { packet: new Uint8Array(64) } },
  );
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({
    program: "count",
    retval: 16,
    duration: expect.any(Number),
    data_out: PACKET,
    trace: [],
    maps: { ".data": [{ key: 0, value: { start: 16, corner: { x: 1, y: -2 }, color: "GREEN", step_size: 3 } }] },
    warnings: [],
  });
});

test("the data that the program left, printed or written", async () => {
  const argv = ["run", "loader_calls.o", "-p", "uses_one", "--data", `414243${"00".repeat(20)}`];
  expect((await cli([...argv, "--data-out", "-"])).out).toMatch(
    /^data:\n0000000\t41 42 43 00 00 00 00 00 00 00 00 00 00 00 00 00 {2}ABC\.{13}\n0000010\t00 00 00 00 00 00 00 {29}\.{7}\nReturn value: 24,/,
  );
  const { written } = await cli([...argv, "--data-out", "left"]);
  expect(written.get("left")?.subarray(0, 4)).toEqual(new Uint8Array([0x41, 0x42, 0x43, 0]));
});

test("other programs of the object need not be loadable", async () => {
  const { code, out } = await cli(["run", "loader_externs.o", "-p", "plain", "--data", PACKET]);
  expect(code).toBe(0);
  expect(out).toMatch(/^Return value: 3,/);
});

describe("exit codes", () => {
  test.each<[string, string[], number, string]>([
    [
      "several programs and none chosen",
      ["loader_calls.o"],
      2,
      "error: loader_calls.o has several programs: choose one by --program: uses_all, uses_one, uses_address (see --help)\n",
    ],
    [
      "a program that is not there",
      ["loader_calls.o", "-p", "other"],
      2,
      'error: no program in loader_calls is named "other": there are uses_all, uses_one, uses_address\n',
    ],
    [
      "a packet that is too short",
      ["loader_calls.o", "-p", "uses_one", "--data", "00"],
      2,
      "error: data_in of 1 bytes: at least 14 behind the metadata\n",
    ],
    [
      "no packet",
      ["loader_calls.o", "-p", "uses_one"],
      2,
      "error: data_in of 0 bytes: at least 14 behind the metadata (--data or --data-in gives it)\n",
    ],
    [
      "a section that says nothing",
      ["loader_legacy.o", "-p", "unknown_section"],
      2,
      'error: program unknown_section: section "from-netdev" is no name that libbpf knows: --section takes it for another\n',
    ],
    [
      "a place where nothing can be written",
      ["loader_calls.o", "-p", "uses_one", "--data", PACKET, "--data-out", "full/x"],
      2,
      "error: cannot write full/x: no space left on the device\n",
    ],
    [
      "a program that is unsupported",
      ["loader_externs.o", "-p", "wants_kconfig"],
      3,
      "error: unsupported: extern kconfig variables (LINUX_KERNEL_VERSION in program wants_kconfig)\n",
    ],
    ["a type without test runs", ["loader_core.o", "-p", "plain"], 1, "error: kprobe programs cannot be test-run\n"],
    [
      "a map that is not there",
      ["loader_calls.o", "-p", "uses_one", "--data", PACKET, "--dump-map", "m"],
      2,
      'error: no map in loader_calls is named "m": there is none\n',
    ],
    [
      "data given twice",
      ["loader_calls.o", "--data", "00", "--data-in", "x"],
      2,
      "error: --data and --data-in say the same thing",
    ],
    [
      "data that is none",
      ["loader_calls.o", "--data", "xyz"],
      2,
      "error: option '--data <HEX>' argument 'xyz' is invalid.",
    ],
    ["no runs", ["loader_calls.o", "--repeat", "0"], 2, "error: option '--repeat <N>' argument '0' is invalid."],
  ])("%s", async (_, argv, code, err) => {
    const outcome = await cli(["run", ...argv]);
    expect([outcome.code, outcome.err.slice(0, err.length)]).toEqual([code, err]);
  });

  test("a program that the verifier refuses: 1, with the log's end", async () => {
    const file = objectFile("loader_calls");
    const at = Buffer.from(file).indexOf(Buffer.from("b401000005000000", "hex"));
    file.set([0xbc, 0x51, 0, 0, 0, 0, 0, 0], at);
    const { code, err } = await cli(["run", "x.o", "-p", "uses_one", "--data", PACKET], { files: { "x.o": file } });
    expect(code).toBe(1);
    expect(err).toMatch(/^error: program uses_one: R5 !read_ok.*:\n\t/);
  });
});
