import { BtfBuilder } from "@bpf-ts/btf";
import { assembleKernel, encode } from "@bpf-ts/isa";
import type { Bpf, ProgLoadAttr } from "@bpf-ts/uapi";
import { BPF_MAP_TYPE_ARRAY } from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_SCHED_CLS } from "@bpf-ts/uapi/prog-types";
import { BPF_PSEUDO_FUNC } from "@bpf-ts/uapi/pseudo";
import { u32 } from "./bytes.ts";
import type { MapSpec, ProgramCall } from "./spec.ts";

const LD_IMM64 = 0x18;

/** What a program answers that did not come to its call. */
const NOT_REACHED = 7777;
/** The longest data that `ringbufOutput` takes. */
export const RING_DATA_MAX = 4096;

/** Rounds up to a multiple of 8. */
function round8(n: number): number {
  return Math.ceil(n / 8) * 8;
}

/** Where key and value lie in a command: the flags come first. */
export interface CommandLayout {
  readonly key: number;
  readonly value: number;
  readonly size: number;
}

export function commandLayout(spec: MapSpec): CommandLayout {
  const value = 8 + round8(spec.keySize);
  return {
    key: 8,
    value,
    size: value + round8(Math.max(8, spec.valueSize === 0 ? 8 + RING_DATA_MAX : spec.valueSize)),
  };
}

/** r6: the command's address, r7: where the answer goes. */
function prologue(command: number, out: number): string {
  const find = (fd: number, to: string): string => `
    r1 = map[fd:${fd}]
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    ${to} = r0`;
  return `
    *(u32 *)(r10 -4) = 0
    ${find(command, "r6")}
    ${find(out, "r7")}`;
}

const OUT = `
  out:
    r0 = ${NOT_REACHED}
    exit`;

/** What each call is, with r6 and r7 set up. */
function body(call: ProgramCall, map: number, spec: MapSpec, out: number): string {
  const layout = commandLayout(spec);
  const key = `r2 = r6\nr2 += ${layout.key}`;
  const value = (reg: string): string => `${reg} = r6\n${reg} += ${layout.value}`;
  const flags = (reg: string): string => `${reg} = *(u64 *)(r6 +0)`;
  const bloom = spec.keySize === 0 && spec.type === 30;
  switch (call) {
    case "lookup":
    case "lookupPercpu":
      return `
        r1 = map[fd:${map}]
        ${key}
        ${call === "lookup" ? "" : flags("r3")}
        call ${call === "lookup" ? "bpf_map_lookup_elem" : "bpf_map_lookup_percpu_elem"}
        if r0 != 0 goto found
        exit
      found:
        r3 = r0
        r1 = map[fd:${out}]
        r2 = r10
        r2 += -4
        r4 = 0
        call bpf_map_update_elem
        r0 = 1
        exit`;
    case "update":
      return `
        r1 = map[fd:${map}]
        ${key}
        ${value("r3")}
        ${flags("r4")}
        call bpf_map_update_elem
        exit`;
    case "delete":
      return `
        r1 = map[fd:${map}]
        ${key}
        call bpf_map_delete_elem
        exit`;
    case "push":
      return `
        r1 = map[fd:${map}]
        ${value("r2")}
        ${flags("r3")}
        call bpf_map_push_elem
        exit`;
    case "pop":
    case "peek":
      // A bloom filter is asked about a value.
      return `
        r1 = map[fd:${map}]
        ${bloom ? value("r2") : "r2 = r7"}
        call ${call === "pop" ? "bpf_map_pop_elem" : "bpf_map_peek_elem"}
        exit`;
    case "ringbufOutput":
      // The first 4 bytes of the value are the length of the data behind them.
      return `
        r8 = *(u32 *)(r6 +${layout.value})
        if r8 > ${RING_DATA_MAX} goto out
        r3 = r8
        r1 = map[fd:${map}]
        r2 = r6
        r2 += ${layout.value + 8}
        ${flags("r4")}
        call bpf_ringbuf_output
        exit`;
    case "ringbufQuery":
      return `
        r1 = map[fd:${map}]
        ${flags("r2")}
        call bpf_ringbuf_query
        exit`;
    case "lockedAdd":
      // struct { u64 before; struct bpf_spin_lock lock; … }: adds to the first word under the lock.
      return `
        r1 = map[fd:${map}]
        ${key}
        call bpf_map_lookup_elem
        if r0 == 0 goto out
        r8 = r0
        r1 = r8
        r1 += 8
        call bpf_spin_lock
        r1 = *(u64 *)(r8 +0)
        r1 += 1
        *(u64 *)(r8 +0) = r1
        r1 = r8
        r1 += 8
        call bpf_spin_unlock
        r0 = 0
        exit`;
    case "forEach":
    case "forEachDelete":
      throw new Error("has a callback");
  }
}

/** A program with a callback: counts elements, adds up the first bytes of keys and values; may delete those whose keys are odd. */
function forEach(map: number, out: number, deletes: boolean): string {
  const main = `
    ${prologue(out, out)}
    r1 = 0
    *(u64 *)(r10 -16) = r1
    *(u64 *)(r10 -24) = r1
    r1 = map[fd:${map}]
    r2 = subprog[callback]
    r3 = r10
    r3 += -24
    r4 = 0
    call bpf_for_each_map_elem
    r6 = r0
    r1 = *(u64 *)(r10 -24)
    r1 <<= 16
    r6 += r1
    r0 = r6
    exit
    ${OUT}`;
  const callback = `
  callback:
    r5 = *(u8 *)(r2 +0)
    r3 = *(u8 *)(r3 +0)
    r6 = r5
    r6 *= 3
    r6 += r3
    r0 = *(u64 *)(r4 +0)
    r0 += r6
    *(u64 *)(r4 +0) = r0
    ${deletes ? "r5 &= 1\n    if r5 == 0 goto done\n    call bpf_map_delete_elem" : ""}
  done:
    r0 = 0
    exit`;
  return main + callback;
}

/** `int main(void *)` and `static long called(void *, void *, void *, void *)`. */
function functionTypes(): { data: Uint8Array; main: number; called: number } {
  const b = new BtfBuilder();
  const int = b.addInt("int", 4, { signed: true });
  const long = b.addInt("long", 8, { signed: true });
  const pointer = b.addPtr(0);
  const func = (name: string, returns: number, params: number, linkage: number): number => {
    const list = Array.from({ length: params }, (_, i) => ({ name: `p${i}`, type: pointer }));
    const type = b.add({ kind: "func_proto", ret: returns, params: list, variadic: false });
    return b.add({ kind: "func", name, type, linkage });
  };
  const main = func("main", int, 1, 1);
  const called = func("called", long, 4, 0);
  return { data: b.encode(), main, called };
}

/** The programs that operate on one map. Loaded when first asked for, closed with {@link MapPrograms.close}. */
export class MapPrograms {
  readonly #bpf: Bpf;
  readonly #map: number;
  readonly #spec: MapSpec;
  readonly #command: number;
  readonly #out: number;
  /** fds, or what was thrown when it was loaded. */
  readonly #loaded: Map<ProgramCall, number | Error> = new Map();

  constructor(bpf: Bpf, map: number, spec: MapSpec) {
    this.#bpf = bpf;
    this.#map = map;
    this.#spec = spec;
    const scratch = (valueSize: number): number =>
      bpf.mapCreate({ type: BPF_MAP_TYPE_ARRAY, name: "", keySize: 4, valueSize, maxEntries: 1, mapFlags: 0 });
    this.#command = scratch(commandLayout(spec).size);
    this.#out = scratch(Math.max(1, spec.valueSize));
  }

  /**
   * Runs a program.
   *
   * @returns R0, signed, and the value it saw
   * @throws the error of its load
   */
  run(call: ProgramCall, key: Uint8Array, value: Uint8Array, flags: bigint): { r0: number; out: Uint8Array } {
    let fd = this.#loaded.get(call);
    if (fd === undefined) {
      try {
        fd = this.#load(call);
      } catch (error) {
        fd = error as Error;
      }
      this.#loaded.set(call, fd);
    }
    if (typeof fd !== "number") throw fd;
    const layout = commandLayout(this.#spec);
    const command = new Uint8Array(layout.size);
    new DataView(command.buffer).setBigUint64(0, BigInt.asUintN(64, flags), true);
    command.set(key, layout.key);
    command.set(value, layout.value);
    const zero = new Uint8Array(4);
    this.#bpf.mapUpdateElem(this.#command, zero, command);
    const { retval } = this.#bpf.progTestRun(fd, { dataIn: new Uint8Array(64) });
    const out = new Uint8Array(Math.max(1, this.#spec.valueSize));
    this.#bpf.mapLookupElem(this.#out, zero, out);
    return { r0: retval | 0, out };
  }

  #load(call: ProgramCall): number {
    const attr = { progType: BPF_PROG_TYPE_SCHED_CLS, license: "GPL" };
    if (call === "forEach" || call === "forEachDelete") return this.#loadForEach(call === "forEachDelete", attr);
    const text = prologue(this.#command, this.#out) + body(call, this.#map, this.#spec, this.#out) + OUT;
    return this.#bpf.progLoad({ ...attr, insns: encode(assembleKernel(text)) }).fd;
  }

  #loadForEach(deletes: boolean, attr: Pick<ProgLoadAttr, "progType" | "license">): number {
    const insns = assembleKernel(forEach(this.#map, this.#out, deletes));
    const reference = insns.findIndex(({ code, src }) => code === LD_IMM64 && src === BPF_PSEUDO_FUNC);
    const callback = reference + 1 + insns[reference]!.imm;
    const { data, main, called } = functionTypes();
    const { fd: btfFd } = this.#bpf.btfLoad(data);
    try {
      const funcInfo = { recSize: 8, bytes: u32(0, main, callback, called) };
      return this.#bpf.progLoad({ ...attr, insns: encode(insns), btfFd, funcInfo }).fd;
    } finally {
      this.#bpf.close(btfFd);
    }
  }

  close(): void {
    for (const fd of this.#loaded.values()) if (typeof fd === "number") this.#bpf.close(fd);
    this.#bpf.close(this.#command);
    this.#bpf.close(this.#out);
  }
}
