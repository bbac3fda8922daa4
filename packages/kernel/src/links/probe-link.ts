import { EEXIST, EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_LINK_TYPE_PERF_EVENT } from "@bpf-ts/uapi/link-types";
import { BPF_PROG_TYPE_KPROBE } from "@bpf-ts/uapi/prog-types";
import { KernelError } from "../error.ts";
import type { Attachment } from "../hooks/attachment.ts";
import type { FunctionHook } from "../hooks/kernel-function.ts";
import { type LinkDetails, LinkObject } from "../objects/link-object.ts";
import type { ProgObject } from "../objects/prog-object.ts";
import type { PerfEventFile } from "../process/open-files.ts";

/** A kprobe program on a perf event, which lives as long as the link. Takes a reference to the program. */
export class ProbeLink extends LinkObject {
  readonly type: number = BPF_LINK_TYPE_PERF_EVENT;
  readonly #event: PerfEventFile;
  readonly #hook: FunctionHook;
  readonly #attachment: Attachment;

  /**
   * @throws KernelError EINVAL (not a kprobe program), EEXIST (the event has a program)
   * @see v6.18 kernel/events/core.c, __perf_event_set_bpf_prog; kernel/trace/bpf_trace.c, perf_event_attach_bpf_prog
   */
  constructor(prog: ProgObject, event: PerfEventFile, cookie: bigint, onDestroy: (object: LinkObject) => void) {
    super(onDestroy);
    if (prog.progType !== BPF_PROG_TYPE_KPROBE)
      throw new KernelError(EINVAL, `${prog.describe()} is no kprobe program, the event is a probe`);
    if (event.hasProgram) throw new KernelError(EEXIST, "the perf event has a program already");
    prog.getRef();
    event.hasProgram = true;
    this.#event = event;
    this.#hook = event.retprobe ? "kretprobe" : "kprobe";
    this.#attachment = { prog, cookie };
    event.fn.attach(this.#hook, this.#attachment);
  }

  get prog(): ProgObject {
    return this.#attachment.prog;
  }

  details(): LinkDetails {
    return { kprobe: { func: this.#event.fn.def.name, retprobe: this.#event.retprobe } };
  }

  protected release(): void {
    this.#event.fn.detach(this.#hook, this.#attachment);
    this.#event.hasProgram = false;
    this.prog.putRef();
  }
}
