import { BTF_FUNC_GLOBAL, BTF_FUNC_STATIC, Btf, BtfBuilder } from "@bpf-ts/btf";
import { assembleKernel, BPF_CALL, BPF_DW, BPF_IMM, BPF_JMP, BPF_LD, decode, encode } from "@bpf-ts/isa";
import { EINVAL, ENOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_F_NO_PREALLOC, BPF_F_RDONLY_PROG } from "@bpf-ts/uapi/map-flags";
import * as types from "@bpf-ts/uapi/map-types";
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC } from "@bpf-ts/uapi/pseudo";
import { defaultProfile, type Verdict, type VerifierInput, type VerifierMap, verify } from "../../src/index.ts";
import { smallKernelBtf } from "./kernel-btf.ts";

/** A program in the kernel log's syntax, small enough that one rule decides it. Calls of kernel functions: `call kfunc bpf_iter_num_new`. */
export interface MicroCase {
  readonly name: string;
  /** `BPF_PROG_TYPE_*`; default 3, sched_cls. */
  readonly type?: number;
  readonly attachType?: number;
  /** Name of the attach target in the kernel's BTF: `btf_trace_…` or a function. */
  readonly target?: string;
  readonly flags?: number;
  readonly license?: string;
  /** Functions of {@link caseBtf} that the subprograms are, in their order; default `sub` for each. */
  readonly subprogs?: readonly string[];
  readonly code: string;
}

/** Types of the programs and of the values of their maps. */
export interface CaseTypes {
  readonly bytes: Uint8Array;
  readonly int: number;
  readonly locked: number;
  readonly timed: number;
  readonly queued: number;
  readonly kept: number;
  readonly holder: number;
  readonly item: number;
  readonly pair: number;
}

/** BTF of all cases: map values with a lock, a timer and kernel pointers; functions of all kinds. */
export function caseBtf(): CaseTypes {
  const b = new BtfBuilder();
  const int = b.addInt("int", 4, { signed: true });
  const u64 = b.addInt("unsigned long long", 8);
  const lock = b.addFields("struct", "bpf_spin_lock", [{ name: "val", type: int }]);
  const timer = b.addFields("struct", "bpf_timer", [{ name: "__opaque", type: b.addArray(u64, 2, int) }]);
  const task = b.addFields("struct", "task_struct", []);
  const locked = b.addFields("struct", "locked", [
    { name: "count", type: u64 },
    { name: "lock", type: lock },
  ]);
  const timed = b.addFields("struct", "timed", [
    { name: "count", type: u64 },
    { name: "timer", type: timer },
  ]);
  const work = b.addFields("struct", "bpf_wq", [{ name: "__opaque", type: b.addArray(u64, 2, int) }]);
  const queued = b.addFields("struct", "queued", [
    { name: "count", type: u64 },
    { name: "work", type: work },
  ]);
  const kept = b.addFields("struct", "kept", [
    { name: "owned", type: b.addPtr(b.addTypeTag("kptr", task)) },
    { name: "seen", type: b.addPtr(b.addTypeTag("kptr_untrusted", task)) },
    { name: "count", type: u64 },
  ]);
  // Objects of the program, and a map value that has a list and a tree of them.
  const node = (name: string, size: number): number =>
    b.addFields("struct", name, [{ name: "__opaque", type: b.addArray(u64, size, int) }]);
  const listNode = node("bpf_list_node", 3);
  const treeNode = node("bpf_rb_node", 4);
  const listHead = node("bpf_list_head", 2);
  const treeRoot = node("bpf_rb_root", 2);
  const counter = b.addFields("struct", "bpf_refcount", [{ name: "__opaque", type: b.addArray(int, 1, int) }]);
  const item = b.addFields("struct", "item", [
    { name: "count", type: u64 },
    { name: "list", type: listNode },
    { name: "tree", type: treeNode },
    { name: "refs", type: counter },
  ]);
  const holder = b.addFields("struct", "holder", [
    { name: "lock", type: lock },
    { name: "items", type: listHead },
    { name: "sorted", type: treeRoot },
  ]);
  b.addDeclTag("contains:item:list", holder, 1);
  b.addDeclTag("contains:item:tree", holder, 2);
  const func = (
    name: string,
    ret: number,
    params: readonly number[],
    linkage: number,
    tags: readonly string[] = [],
  ): void => {
    const proto = b.addFuncProto(
      ret,
      params.map((type, i) => ({ name: `a${i}`, type })),
    );
    const id = b.addFunc(name, proto, linkage);
    for (const tag of tags) b.addDeclTag(tag, id, 0);
  };
  const unknown = b.addFwd("unknown", "struct");
  const pair = b.addFields("struct", "pair", [
    { name: "a", type: u64 },
    { name: "b", type: u64 },
  ]);
  const skb = b.addPtr(b.addFields("struct", "__sk_buff", [{ name: "len", type: int }]));
  const dynptr = b.addPtr(b.addFields("struct", "bpf_dynptr", [{ name: "__opaque", type: b.addArray(u64, 2, int) }]));
  func("main", int, [], BTF_FUNC_GLOBAL);
  func("sub", int, [], BTF_FUNC_STATIC);
  func("global_void", 0, [], BTF_FUNC_GLOBAL);
  func("global_none", int, [], BTF_FUNC_GLOBAL);
  func("global_number", int, [int], BTF_FUNC_GLOBAL);
  func("global_pointer_result", b.addPtr(int), [], BTF_FUNC_GLOBAL);
  func("global_struct_result", pair, [], BTF_FUNC_GLOBAL);
  func("global_struct", int, [pair], BTF_FUNC_GLOBAL);
  func("global_memory", int, [b.addPtr(pair)], BTF_FUNC_GLOBAL);
  func("global_memory_there", int, [b.addPtr(pair)], BTF_FUNC_GLOBAL, ["arg:nonnull"]);
  func("global_unknown", int, [b.addPtr(unknown)], BTF_FUNC_GLOBAL);
  func("global_context", int, [skb], BTF_FUNC_GLOBAL);
  func("global_tagged_context", int, [b.addPtr(0)], BTF_FUNC_GLOBAL, ["arg:ctx"]);
  func("global_dynptr", int, [dynptr], BTF_FUNC_GLOBAL);
  func("global_trusted", int, [b.addPtr(task)], BTF_FUNC_GLOBAL, ["arg:trusted"]);
  func("global_trusted_nullable", int, [b.addPtr(task)], BTF_FUNC_GLOBAL, ["arg:trusted", "arg:nullable"]);
  func("global_untrusted", int, [b.addPtr(task)], BTF_FUNC_GLOBAL, ["arg:untrusted"]);
  func("global_bad_tag", int, [b.addPtr(task)], BTF_FUNC_GLOBAL, ["arg:surprising"]);
  func("global_two_tags", int, [b.addPtr(task)], BTF_FUNC_GLOBAL, ["arg:trusted", "arg:ctx"]);
  func("global_six", int, [int, int, int, int, int, int], BTF_FUNC_GLOBAL);
  return { bytes: b.encode(), int, locked, timed, queued, kept, holder, item, pair };
}

/** The functions of a case's program: for each its first slot and its id in {@link caseBtf}. */
export function caseFuncInfo({ subprogs }: MicroCase, insns: Uint8Array, btf: Btf): Uint8Array {
  const starts = new Set<number>();
  const list = decode(insns);
  for (const [slot, insn] of list.entries()) {
    const isCall = insn.code === (BPF_JMP | BPF_CALL) && insn.src === BPF_PSEUDO_CALL;
    const isAddress = insn.code === (BPF_LD | BPF_IMM | BPF_DW) && insn.src === BPF_PSEUDO_FUNC;
    if (isCall || isAddress) starts.add(slot + 1 + insn.imm);
  }
  const records = new Uint32Array(2 + starts.size * 2);
  records[1] = btf.findByName("main", "func")!;
  for (const [i, start] of [...starts].sort((a, b) => a - b).entries()) {
    const name = subprogs?.[i] ?? "sub";
    const id = btf.findByName(name, "func");
    if (id === undefined) throw new Error(`no function ${name} in the cases' BTF`);
    records.set([start, id], 2 + i * 2);
  }
  return new Uint8Array(records.buffer);
}

/** A map that cases name by its fd. */
export interface CaseMap {
  readonly type: number;
  readonly key: number;
  readonly value: number;
  readonly entries: number;
  readonly flags?: number;
  /** Contents of the one value, as text; the map is frozen. */
  readonly frozen?: string;
  readonly valueType?: "locked" | "timed" | "queued" | "kept" | "holder" | "pair";
}

/** `map[fd:10]` and so on. */
export const CASE_MAPS: ReadonlyMap<number, CaseMap> = new Map<number, CaseMap>([
  [10, { type: types.BPF_MAP_TYPE_HASH, key: 4, value: 16, entries: 4 }],
  [11, { type: types.BPF_MAP_TYPE_ARRAY, key: 4, value: 16, entries: 2 }],
  [12, { type: types.BPF_MAP_TYPE_RINGBUF, key: 0, value: 0, entries: 4096 }],
  [13, { type: types.BPF_MAP_TYPE_PROG_ARRAY, key: 4, value: 4, entries: 2 }],
  [14, { type: types.BPF_MAP_TYPE_STACK_TRACE, key: 4, value: 8, entries: 1 }],
  [15, { type: types.BPF_MAP_TYPE_QUEUE, key: 0, value: 8, entries: 4 }],
  [
    16,
    {
      type: types.BPF_MAP_TYPE_ARRAY,
      key: 4,
      value: 16,
      entries: 1,
      flags: BPF_F_RDONLY_PROG,
      frozen: "a %d b %s\0%q\0",
    },
  ],
  [17, { type: types.BPF_MAP_TYPE_USER_RINGBUF, key: 0, value: 0, entries: 4096 }],
  [18, { type: types.BPF_MAP_TYPE_PERF_EVENT_ARRAY, key: 4, value: 4, entries: 2 }],
  [19, { type: types.BPF_MAP_TYPE_SOCKMAP, key: 4, value: 4, entries: 2 }],
  [20, { type: types.BPF_MAP_TYPE_ARRAY, key: 4, value: 16, entries: 2, valueType: "locked" }],
  [21, { type: types.BPF_MAP_TYPE_ARRAY, key: 4, value: 24, entries: 2, valueType: "timed" }],
  [22, { type: types.BPF_MAP_TYPE_ARRAY, key: 4, value: 24, entries: 2, valueType: "kept" }],
  [24, { type: types.BPF_MAP_TYPE_ARRAY, key: 4, value: 24, entries: 2, valueType: "queued" }],
  [25, { type: types.BPF_MAP_TYPE_ARRAY, key: 4, value: 40, entries: 1, valueType: "holder" }],
  [
    26,
    { type: types.BPF_MAP_TYPE_SK_STORAGE, key: 4, value: 16, entries: 0, flags: BPF_F_NO_PREALLOC, valueType: "pair" },
  ],
  [
    27,
    {
      type: types.BPF_MAP_TYPE_TASK_STORAGE,
      key: 4,
      value: 16,
      entries: 0,
      flags: BPF_F_NO_PREALLOC,
      valueType: "pair",
    },
  ],
  [23, { type: types.BPF_MAP_TYPE_PERCPU_ARRAY, key: 4, value: 16, entries: 2 }],
  [
    28,
    { type: types.BPF_MAP_TYPE_ARRAY, key: 4, value: 16, entries: 2, flags: BPF_F_RDONLY_PROG, frozen: "one of two" },
  ],
]);

/**
 * The instructions of a case. In its text stand `kfunc NAME`, `ktype STRUCT` and `STRUCT.MEMBER` (an offset) for what they are in `kernel`, and
 * `type STRUCT` for an id in the cases' own BTF.
 */
export function assembleCase({ name, code }: MicroCase, kernel: Btf, own: CaseTypes): Uint8Array {
  const id = (of: string, kind: "func" | "struct"): number => {
    const found = kernel.findByName(of, kind);
    if (found === undefined) throw new Error(`${name}: no ${kind} ${of} in the kernel's BTF`);
    return found;
  };
  const text = code
    .replace(/\bkfunc (\w+)/gu, (_all, func: string) => `${func}#${id(func, "func")}`)
    .replace(/\bktype (\w+)/gu, (_all, struct: string) => `${id(struct, "struct")}`)
    .replace(/\btype (item|pair|holder)\b/gu, (_all, struct: "item" | "pair" | "holder") => `${own[struct]}`)
    .replace(
      /\b([a-z]\w+)\.(\w+)/gu,
      (_all, struct: string, member: string) => `${offsetOf(kernel, id(struct, "struct"), member)}`,
    );
  try {
    return encode(assembleKernel(text));
  } catch (e) {
    throw new Error(`${name}: ${(e as Error).message}`);
  }
}

function offsetOf(btf: Btf, struct: number, member: string): number {
  for (let i = 0; i < btf.vlenOf(struct); i++) {
    if (btf.memberNameOf(struct, i) === member) return btf.memberBitOffsetOf(struct, i) / 8;
  }
  throw new Error(`no ${member} in ${btf.nameOf(struct)}`);
}

function verifierMap(fd: number, map: CaseMap, values: CaseTypes, btf: Btf): VerifierMap {
  const handle = 0x10000 + fd * 0x100;
  const { frozen } = map;
  const isArray = map.type === types.BPF_MAP_TYPE_ARRAY;
  const valueAddress = (off: number): number => {
    if (map.entries !== 1) return -ENOTSUPP;
    return off < map.value ? handle + 0x80 + off : -EINVAL;
  };
  const readConst = (off: number, size: number): bigint => {
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(frozen?.charCodeAt(off + i) || 0);
    return value;
  };
  return {
    def: {
      type: map.type,
      name: `m${fd}`,
      keySize: map.key,
      valueSize: map.value,
      maxEntries: map.entries,
      mapFlags: map.flags ?? 0,
    },
    id: fd,
    handle,
    name: `m${fd}`,
    frozen: frozen !== undefined,
    ...(map.valueType === undefined ? {} : { btf, valueTypeId: values[map.valueType] }),
    ...(isArray ? { valueAddress } : {}),
    ...(frozen === undefined ? {} : { readConst }),
  };
}

/** Everything that the cases share: made once. */
export interface Bench {
  verify(c: MicroCase): Verdict;
}

export function bench(): Bench {
  const kernel = smallKernelBtf();
  const values = caseBtf();
  const btf = Btf.parse(values.bytes);
  const profile = defaultProfile(kernel);
  const maps = new Map([...CASE_MAPS].map(([fd, map]) => [fd, verifierMap(fd, map, values, btf)]));
  return {
    verify(c) {
      const insns = assembleCase(c, kernel, values);
      const funcs = caseFuncInfo(c, insns, btf);
      const input: VerifierInput = {
        progType: c.type ?? 3,
        expectedAttachType: c.attachType ?? 0,
        progFlags: c.flags ?? 0,
        license: c.license ?? "GPL",
        name: "case",
        insns,
        mapByFd: (fd) => maps.get(fd) ?? 9,
        logLevel: 1,
        ...(c.target === undefined ? {} : { attachBtfId: targetId(kernel, c.target) }),
        btf,
        funcInfo: { recSize: 8, bytes: funcs },
      };
      return verify(input, profile);
    },
  };
}

/** Id of an attach target: a tracepoint's typedef, or a function; none by the empty name. */
export function targetId(kernel: Btf, name: string): number {
  if (name === "") return 0;
  const id = kernel.findByName(name, ["typedef", "func"]);
  if (id === undefined) throw new Error(`no ${name} in the kernel's BTF`);
  return id;
}

/** Lines of a log about the walk: instructions, states, what is precise. */
const WALK =
  /^(?:\d+: |from \d|; |func#|Live regs before insn:|mark_precise|[ \d]{4} |$|verification time|stack depth|processed)/u;

/** What a log says, without the walk; the kernel does not end all its lines. */
export function messages(log: string): string {
  return (
    log
      .replace(/processed \d+ insns [\s\S]*$/u, "")
      .split("\n")
      .filter((line) => !WALK.test(line))
      .join(" | ")
      // Ids and offsets that are another kernel's, and places in a program that Linux has rewritten.
      .replace(/(?<=attach_btf_id |has btf_id |at insn |\(mend:|with moff |with off )\d+/gu, "N")
  );
}

/** `accept`, or errno and messages of the log. */
export function verdictText(v: Verdict): string {
  switch (v.kind) {
    case "accept":
      return `accept ${messages(v.log)}`.trimEnd();
    case "reject":
      return `${v.errno} ${messages(v.log)}`.trimEnd();
    case "unsupported":
      return `unsupported ${v.feature} ${v.detail}`;
    default:
      return v satisfies never;
  }
}
