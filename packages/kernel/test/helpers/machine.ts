import { MapTable } from "@bpf-ts/maps";
import { Memory } from "@bpf-ts/memory";
import type { MapDef } from "@bpf-ts/uapi";
import { type Linkage, type Run, Vm } from "@bpf-ts/vm";
import type { HelperEnv, HelperMap } from "../../src/helpers/env.ts";
import { helperEntry } from "../../src/helpers/table.ts";
import { tailCallHook } from "../../src/helpers/tail-call.ts";

/** One instruction slot: code, dst, src, off, imm. */
export type Slot = readonly [code: number, dst: number, src: number, off: number, imm: number];

export const EXIT: Slot = [0x95, 0, 0, 0, 0];

export function bytesOf(slots: readonly Slot[]): Uint8Array {
  const bytes = new Uint8Array(slots.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, [code, dst, src, off, imm]] of slots.entries()) {
    view.setUint8(i * 8, code);
    view.setUint8(i * 8 + 1, (src << 4) | dst);
    view.setInt16(i * 8 + 2, off, true);
    view.setInt32(i * 8 + 4, imm | 0, true);
  }
  return bytes;
}

export function ldImm64(dst: number, value: bigint | number): Slot[] {
  const bits = BigInt(value);
  return [
    [0x18, dst, 0, 0, Number(BigInt.asIntN(32, bits))],
    [0, 0, 0, 0, Number(BigInt.asIntN(32, bits >> 32n))],
  ];
}

/** An environment for helpers, with the parts of a kernel that they need and nothing else; and a machine to call them from. */
export class HelperMachine {
  readonly memory: Memory = new Memory({ redZone: 32, poison: true });
  readonly vm: Vm = new Vm({ memory: this.memory, cpus: 4 });
  readonly maps: MapTable = new MapTable(this.memory, { cpus: 4 });
  readonly printed: string[] = [];
  readonly env: HelperEnv;
  readonly #blocks: number[] = [];

  constructor(more: Partial<HelperEnv> = {}) {
    this.env = {
      memory: this.memory,
      cpus: 4,
      mapByHandle: (handle): HelperMap | undefined => {
        const map = this.maps.get(handle);
        return map === undefined ? undefined : { map };
      },
      mapWrites: {
        update: ({ map }, key, value, flags, cpu) => map.update(key, value, flags, cpu),
        delete: ({ map }, key) => map.delete(key),
      },
      clock: { monotonicNs: () => 5_000_000_123n, taiNs: () => 1_700_000_000_000_000_007n },
      random: { u32: () => 0xfedcba98 },
      current: { pid: 4242, tgid: 4000, comm: "a-long-process-name", uid: 1000, gid: 0xffffffff },
      traceLog: { write: (text) => this.printed.push(text) },
      ...more,
    };
  }

  get linkage(): Linkage {
    return { helper: (id) => helperEntry(this.env, id), tailCall: tailCallHook(this.env) };
  }

  /** A block that {@link close} frees. */
  block(bytes: Uint8Array | number, writable = true): number {
    const size = typeof bytes === "number" ? bytes : bytes.length;
    const address = this.memory.alloc(Math.max(1, size), { writable });
    if (typeof bytes !== "number") this.memory.u8.set(bytes, address);
    this.#blocks.push(address);
    return address;
  }

  /** A block with the text and a NUL. */
  text(text: string): number {
    return this.block(new TextEncoder().encode(`${text}\0`));
  }

  /** A map; {@link close} closes it. */
  map(def: Partial<MapDef> & { type: number }): ReturnType<MapTable["create"]> {
    return this.maps.create({ name: "m", keySize: 4, valueSize: 8, maxEntries: 4, mapFlags: 0, ...def });
  }

  /** R0 of a program, unsigned. */
  run(slots: readonly Slot[], options: { cpu?: number; ctx?: number } = {}): bigint {
    const run = this.start(slots, options);
    if (run.step() !== "done") throw run.fault!;
    return run.result.r0;
  }

  start(slots: readonly Slot[], options: { cpu?: number; ctx?: number } = {}): Run {
    return this.vm.start(this.vm.load({ insns: bytesOf(slots) }, this.linkage), options.ctx ?? 0, {
      cpu: options.cpu ?? 0,
    });
  }

  /** R0 of a call, signed. */
  call(id: number, ...args: (bigint | number)[]): bigint {
    return BigInt.asIntN(64, this.callOn(0, id, ...args));
  }

  /** The same on a CPU, unsigned. */
  callOn(cpu: number, id: number, ...args: (bigint | number)[]): bigint {
    return this.run([...args.flatMap((value, i) => ldImm64(i + 1, value)), [0x85, 0, 0, 0, id], EXIT], { cpu });
  }

  bytes(address: number, size: number): Uint8Array {
    return this.memory.read(address, size);
  }

  /** The text at an address, up to its NUL. */
  textAt(address: number): string {
    return this.memory.readCString(address, 4096);
  }

  /** @throws if anything is left */
  close(): void {
    for (const map of this.maps.maps()) map.close();
    this.vm[Symbol.dispose]();
    for (const block of this.#blocks) this.memory.free(block);
    this.memory.checkRedZones();
    if (this.memory.liveBytes !== 0) throw new Error(`${this.memory.liveBytes} bytes are left`);
  }
}

/** Runs a test with a machine that must not leak. */
export function withHelpers(test: (machine: HelperMachine) => void, more: Partial<HelperEnv> = {}): () => void {
  return () => {
    const machine = new HelperMachine(more);
    test(machine);
    machine.close();
  };
}
