/// <reference types="node" />
import type { Memory } from "@bpf-ts/memory";
import { askKernel, type OracleRequest } from "../../../vm/test/oracle.ts";
import { bytesOf, EXIT, type HelperMachine, ldImm64, type Slot } from "./machine.ts";

/**
 * The same call of a helper here and in the running kernel. A case has a block of data that the program may write, and one that it may only read;
 * what the data holds after the call, and R0, have to be equal.
 */
export interface HelperCase {
  readonly id: number;
  /** `["data", offset]` and `["rodata", offset]` are addresses, `"ctx"` the context. */
  readonly args: readonly (bigint | number | "ctx" | readonly ["data" | "rodata", number])[];
  /** At most {@link DATA_BYTES}. */
  readonly data?: Uint8Array;
  readonly rodata?: Uint8Array;
  /** What a classifier or XDP program finds in its context; 64 zeros unless told otherwise. */
  readonly packet?: Uint8Array;
  /** A traffic classifier unless told otherwise. */
  readonly type?: number;
  /** `u64` values in the data that are addresses in it: offset of the value, offset that it points to. */
  readonly pointers?: readonly (readonly [at: number, to: number])[];
}

/** What a call did. */
export interface HelperOutcome {
  /** Signed. */
  readonly r0: bigint;
  /** The data, {@link DATA_BYTES}; pointers in it are zero. Undefined where the verifier refused what the helper would refuse. */
  readonly data?: string;
  /** The packet afterwards. */
  readonly packet?: string;
}

export const DATA_BYTES = 512;
const RODATA_BYTES = 256;
/** The data map begins with R0. */
const R0_BYTES = 8;

const BPF_MAP_TYPE_ARRAY = 2;
const BPF_F_RDONLY_PROG = 0x80;
const BPF_PROG_TYPE_SCHED_CLS = 3;
export const BPF_PROG_TYPE_XDP = 6;
export const BPF_PROG_TYPE_RAW_TRACEPOINT = 17;
const SNPRINTF = 165;
const EINVAL = 22;

type Address = (where: "data" | "rodata", offset: number, dst: number) => Slot[];

function program({ id, args, pointers = [] }: HelperCase, address: Address): Slot[] {
  return [
    [0xbf, 7, 1, 0, 0],
    ...address("data", 0, 6),
    ...pointers.flatMap(([at, to]): Slot[] => [...address("data", to + R0_BYTES, 1), [0x7b, 6, 1, at + R0_BYTES, 0]]),
    ...args.flatMap((arg, i): Slot[] =>
      arg === "ctx"
        ? [[0xbf, i + 1, 7, 0, 0]]
        : typeof arg === "object"
          ? address(arg[0], arg[1] + (arg[0] === "data" ? R0_BYTES : 0), i + 1)
          : ldImm64(i + 1, arg),
    ),
    [0x85, 0, 0, 0, id],
    [0x7b, 6, 0, 0, 0],
    ...pointers.map(([at]): Slot => [0x7a, 6, 0, at + R0_BYTES, 0]),
    [0xb7, 0, 0, 0, 0],
    EXIT,
  ];
}

function padded(bytes: Uint8Array | undefined, size: number, at = 0): Uint8Array {
  const result = new Uint8Array(size);
  result.set(bytes ?? [], at);
  return result;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function hasPacket({ type }: HelperCase): boolean {
  return type !== BPF_PROG_TYPE_RAW_TRACEPOINT;
}

function packetOf({ packet }: HelperCase): Uint8Array {
  return packet ?? new Uint8Array(64);
}

function outcome(data: Uint8Array, packet: string): HelperOutcome {
  return { r0: Buffer.from(data).readBigInt64LE(0), data: hex(data.subarray(R0_BYTES)), packet };
}

/** What the running kernel does, or why it can't be asked. */
export function inLinux(cases: readonly HelperCase[]): HelperOutcome[] | string {
  const requests = cases.map((one): OracleRequest => {
    const address: Address = (where, offset, dst) => [
      [0x18, dst, 2, 0, where === "data" ? 0 : 1],
      [0, 0, 0, 0, offset],
    ];
    return {
      type: one.type ?? BPF_PROG_TYPE_SCHED_CLS,
      insns: hex(bytesOf(program(one, address))),
      // Tracepoints take no packet.
      data: hasPacket(one) ? hex(packetOf(one)) : "",
      log: 1,
      maps: [
        {
          type: BPF_MAP_TYPE_ARRAY,
          key: 4,
          value: R0_BYTES + DATA_BYTES,
          max: 1,
          init: hex(padded(one.data, R0_BYTES + DATA_BYTES, R0_BYTES)),
        },
        {
          type: BPF_MAP_TYPE_ARRAY,
          key: 4,
          value: RODATA_BYTES,
          max: 1,
          flags: BPF_F_RDONLY_PROG,
          init: hex(padded(one.rodata, RODATA_BYTES)),
          frozen: true,
        },
      ],
    };
  });
  const answers = askKernel(requests);
  if (typeof answers === "string") return answers;
  return answers.map((answer, i) => {
    if ("errno" in answer) {
      // The verifier checks constant formats and sizes itself.
      if (cases[i]!.id === SNPRINTF && answer.what === "prog_load" && answer.errno === EINVAL) return { r0: -22n };
      throw new Error(`case ${i}: ${answer.what}: errno ${answer.errno}: ${answer.log.slice(-600)}`);
    }
    return outcome(Buffer.from(answer.values[0]!, "hex"), answer.out);
  });
}

const HEADROOM = 256;
/** A page without head room and `struct skb_shared_info`. */
const FRAME_BYTES = 4096 - 320;
/** Byte offsets of `data` and `data_end`. */
const XDP_MD = [0, 4, 8] as const;
const SK_BUFF = [76, 80, 140] as const;

/** A packet and a context that names it, as test runs make them. */
class Frame {
  readonly ctx: number;
  readonly #memory: Memory;
  readonly #base: number;
  readonly #fields: readonly [number, number, number];

  constructor(memory: Memory, packet: Uint8Array, xdp: boolean) {
    this.#memory = memory;
    this.#base = memory.alloc(FRAME_BYTES);
    this.ctx = memory.alloc(192);
    this.#fields = xdp ? XDP_MD : SK_BUFF;
    const data = this.#base + HEADROOM;
    memory.u8.set(packet, data);
    for (const [i, value] of [data, data + packet.length, data].entries())
      memory.setU32(this.ctx + this.#fields[i]!, value);
  }

  get packet(): Uint8Array {
    const [data, end] = this.#fields.map((field) => this.#memory.getU32(this.ctx + field));
    return this.#memory.read(data!, end! - data!);
  }

  free(): void {
    this.#memory.free(this.#base);
    this.#memory.free(this.ctx);
  }
}

/** What the helpers of this package do. */
export function here(machine: HelperMachine, cases: readonly HelperCase[]): HelperOutcome[] {
  return cases.map((one) => {
    const data = machine.memory.alloc(R0_BYTES + DATA_BYTES);
    const rodata = machine.memory.alloc(RODATA_BYTES, { writable: false });
    machine.memory.u8.set(padded(one.data, DATA_BYTES), data + R0_BYTES);
    machine.memory.u8.set(padded(one.rodata, RODATA_BYTES), rodata);
    const frame = new Frame(machine.memory, packetOf(one), one.type === BPF_PROG_TYPE_XDP);
    const address: Address = (where, offset, dst) => ldImm64(dst, (where === "data" ? data : rodata) + offset);
    try {
      machine.run(program(one, address), { ctx: frame.ctx });
      return outcome(machine.memory.read(data, R0_BYTES + DATA_BYTES), hasPacket(one) ? hex(frame.packet) : "");
    } finally {
      frame.free();
      machine.memory.free(data);
      machine.memory.free(rodata);
    }
  });
}

/** Why the running kernel can't be asked; undefined where it can. */
export function unavailable(): string | undefined {
  const answer = askKernel([]);
  return typeof answer === "string" ? answer : undefined;
}
