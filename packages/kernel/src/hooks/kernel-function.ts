import { E2BIG, EBUSY } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";
import type { KernelFunctionDef } from "../kernel-btf/functions.ts";
import type { Attachment } from "./attachment.ts";

/** Where around a function a program runs. */
export type FunctionHook = "kprobe" | "kretprobe" | "fentry" | "fmod_ret" | "fexit";

/** Programs that one function's trampoline can have. @see v6.18 include/linux/bpf.h, BPF_MAX_TRAMP_LINKS */
const MAX_TRAMPOLINE_LINKS = 38;

const isTrampolineHook = (hook: FunctionHook): boolean => hook !== "kprobe" && hook !== "kretprobe";

/**
 * A function of this kernel and what is attached to it. Each list is in the order in which its programs run, which is that of Linux: newest
 * first, but for kretprobes. Lists are replaced, never changed in place: a walk that is under way sees the list as it was.
 *
 * @see v6.18 kernel/bpf/trampoline.c, __bpf_trampoline_link_prog; kernel/kprobes.c, add_new_kprobe; kernel/trace/rethook.c, rethook_trampoline_handler
 */
export class KernelFunction {
  readonly def: KernelFunctionDef;
  /** A made-up address: what `ip` shows. Different for each function, mapped nowhere. */
  readonly address: bigint;
  readonly #hooks: Record<FunctionHook, readonly Attachment[]> = {
    kprobe: [],
    kretprobe: [],
    fentry: [],
    fmod_ret: [],
    fexit: [],
  };
  #attached = 0;

  constructor(def: KernelFunctionDef, address: bigint) {
    this.def = def;
    this.address = address;
  }

  /** No program is attached anywhere. */
  get isBare(): boolean {
    return this.#attached === 0;
  }

  /** What is attached, in the order in which it runs. */
  at(hook: FunctionHook): readonly Attachment[] {
    return this.#hooks[hook];
  }

  /** @throws KernelError E2BIG (38 programs at the function's trampoline), EBUSY (the program is at this hook already) */
  checkRoom(hook: FunctionHook, prog: Attachment["prog"]): void {
    if (!isTrampolineHook(hook)) return;
    const { fentry, fmod_ret: modify, fexit } = this.#hooks;
    if (fentry.length + modify.length + fexit.length >= MAX_TRAMPOLINE_LINKS)
      throw new KernelError(E2BIG, `${this.def.name} has ${MAX_TRAMPOLINE_LINKS} programs, the most allowed`);
    if (this.#hooks[hook].some((other) => other.prog === prog))
      throw new KernelError(EBUSY, `${prog.describe()} is attached to ${this.def.name} (${hook}) already`);
  }

  attach(hook: FunctionHook, attachment: Attachment): void {
    const list = this.#hooks[hook];
    this.#hooks[hook] = hook === "kretprobe" ? [...list, attachment] : [attachment, ...list];
    this.#attached++;
  }

  detach(hook: FunctionHook, attachment: Attachment): void {
    const rest = this.#hooks[hook].filter((other) => other !== attachment);
    if (rest.length === this.#hooks[hook].length)
      throw new Error(`${attachment.prog.describe()} is not attached to ${this.def.name} (${hook})`);
    this.#hooks[hook] = rest;
    this.#attached--;
  }
}
