import { Memory } from "@bpf-ts/memory";
import {
  type HelperEntry,
  type Linkage,
  type Run,
  type RunStatus,
  Vm,
  type VmFault,
  type VmOptions,
} from "../src/index.ts";
import { bytesOf, type Slot } from "./program.ts";

/** A linkage that knows nothing. */
export const NOTHING: Linkage = { helper: () => undefined };

/** A linkage with these helpers, by id. */
export function helpers(table: Readonly<Record<number, HelperEntry>>): Linkage {
  return { helper: (id) => table[id] };
}

/** A machine with a memory and 256 bytes of context, which `close` takes down; it then holds nothing any more. */
export class TestMachine {
  readonly memory: Memory = new Memory({ redZone: 32, poison: true });
  readonly ctx: number;
  readonly vm: Vm;

  constructor(options: Omit<VmOptions, "memory"> = {}) {
    this.vm = new Vm({ memory: this.memory, ...options });
    this.ctx = this.memory.alloc(256, { label: "context" });
  }

  start(slots: readonly Slot[], linkage: Linkage = NOTHING): Run {
    return this.vm.start(this.vm.load({ insns: bytesOf(slots) }, linkage), this.ctx);
  }

  /** R0 of a program that has to end well. */
  r0(slots: readonly Slot[], linkage: Linkage = NOTHING): bigint {
    const run = this.start(slots, linkage);
    const status: RunStatus = run.step();
    if (status !== "done") throw run.fault!;
    return run.result.r0;
  }

  /** The fault of a program that has to have one. */
  fault(slots: readonly Slot[], linkage: Linkage = NOTHING): VmFault {
    const run = this.start(slots, linkage);
    const status: RunStatus = run.step();
    if (status !== "fault") throw new Error(`the program is ${status}`);
    return run.fault!;
  }

  /** Frees everything of its own. @throws if anything else is left. */
  close(): void {
    this.vm[Symbol.dispose]();
    this.memory.free(this.ctx);
    this.memory.checkRedZones();
    if (this.memory.liveBytes !== 0) throw new Error(`${this.memory.liveBytes} bytes are left`);
  }
}

/** Runs a test with a machine that must not leak. */
export function withMachine(test: (machine: TestMachine) => void, options: Omit<VmOptions, "memory"> = {}): () => void {
  return () => {
    const machine = new TestMachine(options);
    test(machine);
    machine.close();
  };
}
