import { gzipSync } from "node:zlib";
import { Btf, BtfBuilder } from "@bpf-ts/btf";
import { buildKernelTypes } from "@bpf-ts/kernel/kernel-btf";
import { expect, test } from "vitest";
import { cli } from "../memory-io.ts";

test("raw, as bpftool prints it: sizes that loaders fill in are still missing", async () => {
  const { code, out } = await cli(["btf", "dump", "loader_core.o"]);
  expect(code).toBe(0);
  const lines = out.split("\n");
  // bpftool 7.1 on the same file.
  expect(lines.slice(0, 3)).toEqual([
    "[1] PTR '(anon)' type_id=2",
    "[2] STRUCT 'pt_regs' size=168 vlen=21",
    "\t'r15' type_id=3 bits_offset=0",
  ]);
  expect(lines.slice(-4)).toEqual([
    "[16] VAR '_license' type_id=14, linkage=global",
    "[17] DATASEC 'license' size=0 vlen=1",
    "\ttype_id=16 offset=0 size=4 (VAR '_license')",
    "",
  ]);
});

test("C, by option or as bpftool takes it", async () => {
  const byOption = await cli(["btf", "dump", "loader_core.o", "--format", "c"]);
  expect(byOption.out).toContain("struct task_like {\n\tint pid;\n\tint tgid;\n};\n");
  expect(byOption.out).toMatch(/^#ifndef __VMLINUX_H__\n/);
  expect(await cli(["btf", "dump", "loader_core.o", "format", "c"])).toEqual(byOption);
});

test("JSON with bpftool's names", async () => {
  const { out } = await cli(["btf", "dump", "loader_core.o", "--json"]);
  const { types } = JSON.parse(out);
  expect(types[7]).toEqual({
    id: 8,
    kind: "STRUCT",
    name: "task_like",
    size: 8,
    vlen: 2,
    members: [
      { name: "pid", type_id: 5, bits_offset: 0 },
      { name: "tgid", type_id: 5, bits_offset: 32 },
    ],
  });
});

test("64-bit values in JSON keep all their digits", async () => {
  const btf = new BtfBuilder();
  btf.addEnum64("e", [{ name: "MAX", value: 0xffffffffffffffffn }]);
  const { out } = await cli(["btf", "dump", "types", "--json"], { files: { types: btf.encode() } });
  expect(out).toContain('"values":[{"name":"MAX","val":18446744073709551615}]');
});

test("BTF alone, packed, and split BTF on its base", async () => {
  const base = buildKernelTypes().bytes;
  const own = new BtfBuilder();
  own.addInt("int", 4, { signed: true });
  const onTop = new BtfBuilder({ base: Btf.parse(base) });
  onTop.addInt("int", 4, { signed: true });
  const files = { "vmlinux.btf.gz": gzipSync(base), alone: own.encode(), split: onTop.encode() };
  expect((await cli(["btf", "dump", "vmlinux.btf.gz"], { files })).out).toMatch(/^\[1\] INT /);
  expect((await cli(["btf", "dump", "alone"], { files })).out).toBe(
    "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n",
  );
  const onBase = await cli(["btf", "dump", "split", "-B", "vmlinux.btf.gz"], { files });
  expect(onBase.out).toMatch(/^\[\d{2,}\] INT 'int' size=4 /);
});

test.each<[string, string[], string]>([
  ["no BTF", ["text"], "error: text: BTF of 5 bytes, a header needs 24\n"],
  [
    "words that are no format",
    ["loader_core.o", "format", "rust"],
    "error: expected format raw or format c, got format rust (see --help)\n",
  ],
  [
    "JSON of C",
    ["loader_core.o", "--format", "c", "--json"],
    "error: --json prints records: it does not go with format c (see --help)\n",
  ],
])("%s", async (_, argv, err) => {
  const outcome = await cli(["btf", "dump", ...argv], { files: { text: "hello" } });
  expect([outcome.code, outcome.err]).toEqual([2, err]);
});
