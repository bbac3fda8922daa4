import type { Memory } from "@bpf-ts/memory";
import type { KernelFunctionDef } from "../kernel-btf/functions.ts";
import { CALL_ARGS, PT_REGS_SIZE, setReg } from "../process/pt-regs.ts";
import type { ProgramRunner } from "../run/program-runner.ts";
import type { Scratch } from "../scratch.ts";
import type { Attachment } from "./attachment.ts";
import { KernelFunction } from "./kernel-function.ts";

/** Kernel text begins here on x86-64; nothing of this machine's memory does. */
const TEXT_BASE = 0xffff_ffff_8100_0000n;
const TEXT_STRIDE = 0x1000n;
const WORD = 8;

/** What a program that runs for a function can ask about it. */
export interface HookRun {
  readonly fn: KernelFunction;
  readonly cookie: bigint;
}

/**
 * Calls functions of this kernel with the programs that are attached to them, in Linux's order: kprobes; fentry; fmod_ret, whose first non-zero
 * value takes the place of later ones and of the function; the function; fexit; kretprobes. What is attached while the function runs does not
 * run when it returns; what is detached meanwhile doesn't either.
 *
 * @see v6.18 arch/x86/net/bpf_jit_comp.c, __arch_prepare_bpf_trampoline; kernel/trace/bpf_trace.c, trace_call_bpf
 */
export class FunctionCalls {
  readonly #memory: Memory;
  readonly #scratch: Scratch;
  readonly #runner: ProgramRunner;
  readonly #functions = new Map<string, KernelFunction>();
  /** Probes do not run while a probe or a map operation of user space is under way on the CPU. */
  readonly #probesActive: Uint32Array;
  /** By address of the context: contexts of runs that are under way have different ones. */
  readonly #runs = new Map<number, HookRun>();

  constructor(
    parts: { memory: Memory; scratch: Scratch; runner: ProgramRunner; cpus: number },
    defs: readonly KernelFunctionDef[],
  ) {
    this.#memory = parts.memory;
    this.#scratch = parts.scratch;
    this.#runner = parts.runner;
    this.#probesActive = new Uint32Array(parts.cpus);
    defs.forEach((def, i) => {
      this.#functions.set(def.name, new KernelFunction(def, TEXT_BASE + BigInt(i) * TEXT_STRIDE));
    });
  }

  get(name: string): KernelFunction | undefined {
    return this.#functions.get(name);
  }

  /** For which function, and by which link, the program runs whose context lies at `ctx`; undefined if it runs for none. */
  runOf(ctx: number): HookRun | undefined {
    return this.#runs.get(ctx);
  }

  /**
   * Name of the function that holds an address of this kernel's text; with `+0x<offset>/0x<size>` behind it if `offset`. Undefined for any other.
   */
  symbol(address: bigint, offset: boolean): string | undefined {
    for (const { def, address: start } of this.#functions.values()) {
      const distance = address - start;
      if (distance < 0n || distance >= TEXT_STRIDE) continue;
      return offset ? `${def.name}+0x${distance.toString(16)}/0x${TEXT_STRIDE.toString(16)}` : def.name;
    }
    return undefined;
  }

  /** Runs `body` while probes are off on this CPU. @see v6.18 include/linux/bpf.h, bpf_disable_instrumentation */
  withoutProbes<T>(cpu: number, body: () => T): T {
    this.#probesActive[cpu] = this.#probesActive[cpu]! + 1;
    try {
      return body();
    } finally {
      this.#probesActive[cpu] = this.#probesActive[cpu]! - 1;
    }
  }

  /**
   * Calls a function.
   *
   * @param args the function's arguments, unsigned 64 bit
   * @param body what the function does; answers its return value
   * @returns what the caller of the function sees
   */
  call(name: string, cpu: number, args: readonly bigint[], body: () => bigint): bigint {
    const fn = this.#functions.get(name);
    if (fn === undefined) throw new Error(`no kernel function ${name}`);
    if (fn.isBare) return body();
    const atEntry = fn.at("kretprobe");
    this.#probe(fn, fn.at("kprobe"), cpu, args, 0n);
    const ret = this.#trampoline(fn, cpu, args, body);
    this.#probe(fn, still(atEntry, fn.at("kretprobe")), cpu, args, ret);
    return ret;
  }

  #trampoline(fn: KernelFunction, cpu: number, args: readonly bigint[], body: () => bigint): bigint {
    const [fentry, modify, fexit] = [fn.at("fentry"), fn.at("fmod_ret"), fn.at("fexit")];
    if (fentry.length + modify.length + fexit.length === 0) return body();
    // The context: the arguments, then the return value.
    return this.#scratch.with((args.length + 1) * WORD, (ctx) => {
      const retSlot = ctx + args.length * WORD;
      const setRet = (value: bigint): void =>
        this.#memory.dataView.setBigUint64(retSlot, BigInt.asUintN(64, value), true);
      for (const [i, arg] of args.entries()) this.#memory.dataView.setBigUint64(ctx + i * WORD, arg, true);
      const run = (attachment: Attachment): ReturnType<ProgramRunner["runGuarded"]> =>
        this.#as(fn, attachment, ctx, () => this.#runner.runGuarded(attachment.prog, ctx, cpu));
      for (const attachment of fentry) run(attachment);
      let ret = 0n;
      for (const attachment of modify) {
        const result = run(attachment);
        if (result === undefined) continue;
        ret = (BigInt(result.r0Hi) << 32n) | BigInt(result.r0Lo >>> 0);
        setRet(ret);
        if (ret !== 0n) break;
      }
      if (ret === 0n) ret = BigInt.asIntN(64, body());
      setRet(ret);
      for (const attachment of still(fexit, fn.at("fexit"))) run(attachment);
      return ret;
    });
  }

  #probe(fn: KernelFunction, probes: readonly Attachment[], cpu: number, args: readonly bigint[], ret: bigint): void {
    if (probes.length === 0) return;
    if (this.#probesActive[cpu] !== 0) {
      for (const { prog } of probes) prog.recursionMisses++;
      return;
    }
    this.withoutProbes(cpu, () =>
      this.#scratch.with(PT_REGS_SIZE, (regs) => {
        for (const [i, arg] of args.entries()) {
          const reg = CALL_ARGS[i];
          if (reg !== undefined) setReg(this.#memory, regs, reg, arg);
        }
        setReg(this.#memory, regs, "ip", fn.address);
        setReg(this.#memory, regs, "ax", ret);
        for (const attachment of probes)
          this.#as(fn, attachment, regs, () => this.#runner.runNested(attachment.prog, regs, cpu));
      }),
    );
  }

  #as<T>(fn: KernelFunction, { cookie }: Attachment, ctx: number, body: () => T): T {
    this.#runs.set(ctx, { fn, cookie });
    try {
      return body();
    } finally {
      this.#runs.delete(ctx);
    }
  }
}

/** Those of `atEntry` that are attached now. */
function still(atEntry: readonly Attachment[], now: readonly Attachment[]): readonly Attachment[] {
  return atEntry === now ? now : atEntry.filter((attachment) => now.includes(attachment));
}
