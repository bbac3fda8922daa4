/// <reference types="node" />
// Linux has the same CO-RE code as libbpf, and applies it to programs whose relocations it is given. What it says on the way is compared with ours.
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  Btf,
  BtfBuilder,
  BtfError,
  type CoreInsn,
  coreReloKindName,
  findCoreCandidates,
  formatCoreSpec,
  patchCoreInsn,
  resolveCoreRelo,
  validateBtf,
} from "../src/index.ts";
import { loadWithRelocation } from "./fixtures/core-load.ts";

const VMLINUX = "/sys/kernel/btf/vmlinux";

/** Types as a program's author may remember those of Linux. */
function memories(): { btf: Btf; func: number } {
  const b = new BtfBuilder();
  const u8 = b.addInt("unsigned char", 1);
  const int = b.addInt("int", 4, { signed: true });
  const u32 = b.addInt("unsigned int", 4);
  const u64 = b.addInt("unsigned long", 8);
  const char = b.addInt("char", 1, { signed: true });
  const anything = b.addPtr(0);
  const list = b.reserve();
  const listPointer = b.addPtr(list);
  b.defineFields(list, "struct", "list_head", [
    { name: "next", type: listPointer },
    { name: "prev", type: listPointer },
  ]);
  b.addFields("struct", "list_head___other", [
    { name: "next", type: listPointer },
    { name: "last", type: listPointer },
  ]);
  const mm = b.addFields("struct", "mm_struct", [{ name: "start_code", type: u64 }]);
  b.addFields("struct", "task_struct", [
    { name: "pid", type: int },
    { name: "flags", type: u32 },
    { name: "mm", type: b.addPtr(mm) },
    { name: "comm", type: b.addArray(char, 16, u32) },
    { name: "start_time", type: u64 },
    { name: "tasks", type: list },
    { name: "in_execve", type: u32, bits: 1 },
    { name: "sched_reset_on_fork", type: u32, bits: 1 },
    { name: "exit_state", type: u8 },
    { name: "invented", type: int },
  ]);
  b.addFields("struct", "task_struct___odd", [
    { name: "pid", type: anything },
    { name: "start_time", type: u32 },
    { name: "comm", type: b.addArray(char, 2, u32) },
    { name: "tasks", type: b.addFields("struct", "", [{ name: "prev", type: anything }]) },
  ]);
  b.addFields("struct", "sk_buff", [
    { name: "len", type: u32 },
    { name: "pkt_type", type: u8, bits: 3 },
  ]);
  const inner = b.addFields("struct", "", [
    { name: "map_type", type: u32 },
    { name: "max_entries", type: u32 },
  ]);
  b.addFields("union", "bpf_attr", [
    { name: "", type: inner },
    { name: "test", type: u32 },
  ]);
  b.addFields("struct", "never_there", [{ name: "x", type: int }]);
  b.addTypedef("atomic_t", b.addFields("struct", "", [{ name: "counter", type: int }]));
  b.addTypedef("pid_t", u64);
  b.addTypedef("never_there_t", int);
  const pointers = [1, 2].map(() => ({ name: "", type: b.addPtr(b.addConst(0)) }));
  b.addTypedef("cmp_func_t", b.addPtr(b.addFuncProto(int, pointers)));
  b.addEnum("bpf_map_type", [
    { name: "BPF_MAP_TYPE_HASH", value: 77 },
    { name: "BPF_MAP_TYPE_RINGBUF", value: 3 },
    { name: "BPF_MAP_TYPE_NEVER", value: 1 },
  ]);
  b.addEnum("never_there_enum", [{ name: "NEVER", value: 1 }]);
  const func = b.addFunc("core", b.addFuncProto(int, []), 0);
  // Access strings have to be somewhere among the strings.
  for (const access of new Set(REQUESTS.map(([, text]) => text))) b.addDeclTag(access, func);
  return { btf: b.toBtf(), func };
}

const FIELDS: readonly string[] = ["0:0", "0:1", "0:2", "0:3", "0:3:7", "0:4", "0:5:1", "0:6", "0:7", "0:8", "0:9"];

/** Type, access, kind. */
const REQUESTS: readonly (readonly [type: string, access: string, kind: number])[] = [
  ...[0, 1, 2, 3, 4, 5].flatMap((kind) => FIELDS.map((access) => ["task_struct", access, kind] as const)),
  ...[0, 1, 2, 3].flatMap((kind) =>
    ["0:0", "0:1", "0:2", "0:2:1", "0:3:0"].map((access) => ["task_struct___odd", access, kind] as const),
  ),
  ...[0, 1, 2, 4, 5].flatMap((kind) => ["0:0", "0:1"].map((access) => ["sk_buff", access, kind] as const)),
  ...[0, 1, 2].flatMap((kind) => ["0:0:0", "0:0:1", "0:1"].map((access) => ["bpf_attr", access, kind] as const)),
  ...[0, 2].map((kind) => ["never_there", "0:0", kind] as const),
  ["list_head", "1:0", 0],
  ["list_head", "1:1", 0],
  ...[6, 7, 8, 9, 12].flatMap((kind) =>
    [
      "task_struct",
      "list_head",
      "list_head___other",
      "sk_buff",
      "bpf_attr",
      "never_there",
      "atomic_t",
      "pid_t",
      "never_there_t",
      "cmp_func_t",
      "bpf_map_type",
      "never_there_enum",
    ]
      // To compare types, Linux looks two levels deep, libbpf and we 32.
      .filter((type) => kind !== 12 || type !== "bpf_attr")
      .map((type) => [type, "0", kind] as const),
  ),
  ...[10, 11].flatMap((kind) => ["0", "1", "2"].map((access) => ["bpf_map_type", access, kind] as const)),
  ...[10, 11].map((kind) => ["never_there_enum", "0", kind] as const),
  // What is malformed.
  ["task_struct", "0:99", 0],
  ["task_struct", "0:3:16", 0],
  ["task_struct", "1", 8],
  ["bpf_map_type", "3", 11],
];

const KINDS = ["void", "struct", "union", "typedef", "enum"];

/** Specs as the kernel writes them: kinds in capitals. */
function shout(spec: string): string {
  return spec.replace(
    new RegExp(`^(<\\w+> \\[\\d+\\]) (${KINDS.join("|")}) `),
    (_, head, kind) => `${head} ${kind.toUpperCase()} `,
  );
}

/** `r1 = original`, or a load from there: what the record says must hold. */
function program(first: CoreInsn): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  [first, { code: 0xb7, dst: 0, src: 0, off: 0, imm: 0 }, { code: 0x95, dst: 0, src: 0, off: 0, imm: 0 }].forEach(
    (insn, i) => {
      view.setUint8(i * 8, insn.code);
      view.setUint8(i * 8 + 1, (insn.src << 4) | insn.dst);
      view.setInt16(i * 8 + 2, insn.off, true);
      view.setInt32(i * 8 + 4, insn.imm, true);
    },
  );
  return bytes;
}

const LOADS: Readonly<Record<number, number>> = { 1: 0x71, 2: 0x69, 4: 0x61, 8: 0x79 };

test("Linux resolves relocations as we do, and says the same of them", (context) => {
  if (!existsSync(VMLINUX)) context.skip(`no ${VMLINUX}`);
  const { btf: local, func } = memories();
  const vmlinux = Btf.parse(readFileSync(VMLINUX));
  expect(validateBtf(local.bytes)).toEqual({ ok: true, log: "" });
  const strings = Buffer.from(local.strings).toString("latin1");

  const cases = REQUESTS.flatMap(([name, access, kind]) => {
    const type = local.findByName(name)!;
    const relo = { insnOffset: 0, type, access, kind };
    let resolution: ReturnType<typeof resolveCoreRelo> | BtfError;
    try {
      resolution = resolveCoreRelo(local, relo, findCoreCandidates(local, type, vmlinux));
    } catch (error) {
      if (!(error instanceof BtfError)) throw error;
      resolution = error;
    }
    const original = resolution instanceof BtfError ? 0 : Number(BigInt.asIntN(32, resolution.originalValue));
    const size = resolution instanceof BtfError ? 0 : resolution.originalSize;
    const firsts: CoreInsn[] = [{ code: 0xb7, dst: 1, src: 0, off: 0, imm: original }];
    if (LOADS[size] !== undefined) firsts.push({ code: LOADS[size], dst: 1, src: 1, off: original, imm: 0 });
    return firsts.map((first) => ({ name, relo, kind, access, type, resolution, first }));
  });
  const answers = loadWithRelocation(
    local.bytes,
    func,
    cases.map(({ first, access, kind, type }) => ({
      insns: program(first),
      type,
      kind,
      access: strings.indexOf(`\0${access}\0`) + 1,
    })),
  );
  if (typeof answers === "string") context.skip(answers);

  const wrong: unknown[] = [];
  let poisoned = 0;
  let refused = 0;
  (answers as Exclude<typeof answers, string>).forEach(({ errno, log }, i) => {
    const { name, access, kind, resolution, first } = cases[i]!;
    const said = log.split("\n").flatMap((line) => /^prog '': relo #0: (.*)$/.exec(line)?.[1] ?? []);
    const what = `${coreReloKindName(kind)} ${name} ${access}`;
    if (resolution instanceof BtfError) {
      refused++;
      if (errno !== resolution.errno) wrong.push({ what, errno, ours: resolution.message, log });
      return;
    }
    const expected = [shout(formatCoreSpec(resolution.local))];
    if (resolution.target !== undefined)
      expected.push(`matching candidate #0 ${shout(formatCoreSpec(resolution.target))}`);
    let patched: CoreInsn | undefined;
    try {
      patched = patchCoreInsn(first, undefined, resolution)[0]!;
    } catch (error) {
      if (!(error instanceof BtfError)) throw error;
    }
    const { originalValue, newValue } = resolution;
    if (patched === undefined) refused++;
    else if (patched.code === 0x85) poisoned++;
    else if (first.code === 0xb7)
      expected.push(`patched insn #0 (ALU/ALU64) imm ${first.imm} -> ${BigInt.asIntN(32, newValue)}`);
    else expected.push(`patched insn #0 (LDX/ST/STX) off ${originalValue} -> ${newValue}`);
    for (const line of expected) if (!said.includes(line)) wrong.push({ what, missing: line, said });
    if (patched?.code === 0x85 && !said.some((line) => line.includes("invalid insn")))
      wrong.push({ what, missing: "poison", said });
  });
  console.log(
    `btf: Linux resolves ${cases.length} CO-RE relocations as we do, ${poisoned} of them to nothing, ${refused} refused`,
  );
  expect(wrong).toEqual([]);
  expect(new Set(cases.map(({ kind }) => kind)).size).toBe(13);
  expect(poisoned).toBeGreaterThan(10);
});
