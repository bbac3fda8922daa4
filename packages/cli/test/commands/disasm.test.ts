import { expect, test } from "vitest";
import { cli } from "../memory-io.ts";

test("the syntax of the verifier's log, names for what instructions refer to, source", async () => {
  const { code, out } = await cli(["disasm", "loader_data.o", "-p", "set_step"]);
  expect(code).toBe(0);
  expect(out).toBe(`socket: set_step
; step_size = skb->len;
   0: (61) r1 = *(u32 *)(r1 +0)
; step_size = skb->len;
   1: (18) r2 = map[name:.data][0]+16
   3: (63) *(u32 *)(r2 +0) = r1
; return corner.y;
   4: (18) r1 = map[name:.data][0]+4
   6: (61) r0 = *(u32 *)(r1 +4)
; return corner.y;
   7: (95) exit

`);
});

test("calls by name, addresses of functions, opcodes, no source", async () => {
  const { out } = await cli([
    "disasm",
    "--no-source",
    "--opcodes",
    "-p",
    "uses_address",
    "-p",
    "first",
    "loader_calls.o",
  ]);
  expect(out).toBe(`.text: first
   0: (bc) w6 = w1
       bc 16 00 00 00 00 00 00
   1: (85) call second
       85 10 00 00 05 00 00 00
   2: (bc) w7 = w0
       bc 07 00 00 00 00 00 00
   3: (bc) w1 = w6
       bc 61 00 00 00 00 00 00
   4: (85) call third
       85 10 00 00 05 00 00 00
   5: (0c) w0 += w7
       0c 70 00 00 00 00 00 00
   6: (95) exit
       95 00 00 00 00 00 00 00

?xdp: uses_address
   0: (b7) r1 = 0
       b7 01 00 00 00 00 00 00
   1: (7b) *(u64 *)(r10 -8) = r1
       7b 1a f8 ff 00 00 00 00
   2: (bf) r3 = r10
       bf a3 00 00 00 00 00 00
   3: (07) r3 += -8
       07 03 00 00 f8 ff ff ff
   4: (b4) w1 = 5
       b4 01 00 00 05 00 00 00
   5: (18) r2 = subprog[step]
       18 02 00 00 80 00 00 00 00 00 00 00 00 00 00 00
   7: (b7) r4 = 0
       b7 04 00 00 00 00 00 00
   8: (85) call bpf_loop#181
       85 00 00 00 b5 00 00 00
   9: (79) r0 = *(u64 *)(r10 -8)
       79 a0 f8 ff 00 00 00 00
  10: (95) exit
       95 00 00 00 00 00 00 00

`);
});

test("llvm-objdump's syntax; what the object does not define", async () => {
  const { out } = await cli(["disasm", "--no-source", "--syntax", "llvm", "-p", "wants_kconfig", "loader_externs.o"]);
  expect(out).toBe(`socket: wants_kconfig
   0: r1 = 0x0 ll <LINUX_KERNEL_VERSION>\t; extern LINUX_KERNEL_VERSION
   2: w0 = *(u32 *)(r1 + 0x0)
   3: exit

`);
});

test("JSON", async () => {
  const { out } = await cli(["disasm", "--json", "-p", "leaf", "-p", "jump", "loader_maps.o"]);
  const [leaf, jump] = JSON.parse(out);
  expect(leaf).toEqual({
    name: "leaf",
    section: "socket",
    insns: [
      {
        slot: 0,
        bytes: "b40000004d000000",
        text: "(b4) w0 = 77",
        source: { file: "./packages/selftests/progs/loader_maps.c", line: 64, column: 2, text: "\treturn 77;" },
      },
      { slot: 1, bytes: "9500000000000000", text: "(95) exit" },
    ],
  });
  expect(jump.insns[2]).toMatchObject({
    slot: 2,
    bytes: "18020000000000000000000000000000",
    text: "(18) r2 = map[name:jumps]",
    reference: { kind: "map", name: "jumps" },
  });
});

test("a function that is not there", async () => {
  const { code, err } = await cli(["disasm", "-p", "nothing", "loader_core.o"]);
  expect([code, err]).toEqual([
    2,
    'error: loader_core.o has no function "nothing": there are tgid_of, relocated, plain (see --help)\n',
  ]);
});
