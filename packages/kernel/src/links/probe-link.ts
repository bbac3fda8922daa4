import { BPF_LINK_TYPE_PERF_EVENT } from "@bpf-ts/uapi/link-types";
import type { FunctionHook } from "../hooks/kernel-function.ts";
import { type LinkDetails, LinkObject } from "../objects/link-object.ts";
import type { ProgObject } from "../objects/prog-object.ts";
import type { PerfEventFile } from "../process/open-files.ts";

/** A kprobe program on a perf event. Takes a reference to the program. */
export class ProbeLink extends LinkObject {
  readonly type: number = BPF_LINK_TYPE_PERF_EVENT;
  #prog: ProgObject;
  readonly #event: PerfEventFile;
  readonly #hook: FunctionHook;

  constructor(prog: ProgObject, event: PerfEventFile, onDestroy: (object: LinkObject) => void) {
    super(onDestroy);
    prog.getRef();
    this.#prog = prog;
    this.#event = event;
    this.#hook = event.retprobe ? "kretprobe" : "kprobe";
    event.fn.attach(this.#hook, prog);
  }

  get prog(): ProgObject {
    return this.#prog;
  }

  details(): LinkDetails {
    return { kprobe: { func: this.#event.fn.def.name, retprobe: this.#event.retprobe } };
  }

  protected release(): void {
    this.#event.fn.detach(this.#hook, this.#prog);
    this.#prog.putRef();
  }
}
