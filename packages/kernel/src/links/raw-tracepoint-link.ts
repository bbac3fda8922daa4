import { BPF_LINK_TYPE_RAW_TRACEPOINT } from "@bpf-ts/uapi/link-types";
import type { RawTracepoints } from "../hooks/raw-tracepoints.ts";
import { type LinkDetails, LinkObject } from "../objects/link-object.ts";
import type { ProgObject } from "../objects/prog-object.ts";

/** A program on a raw tracepoint. Takes a reference to the program. */
export class RawTracepointLink extends LinkObject {
  readonly type: number = BPF_LINK_TYPE_RAW_TRACEPOINT;
  readonly prog: ProgObject;
  readonly #tracepoints: RawTracepoints;
  readonly #name: string;

  constructor(prog: ProgObject, tracepoints: RawTracepoints, name: string, onDestroy: (object: LinkObject) => void) {
    super(onDestroy);
    prog.getRef();
    this.prog = prog;
    this.#tracepoints = tracepoints;
    this.#name = name;
    tracepoints.attach(name, prog);
  }

  details(): LinkDetails {
    return { rawTracepoint: { name: this.#name } };
  }

  protected release(): void {
    this.#tracepoints.detach(this.#name, this.prog);
    this.prog.putRef();
  }
}
