import { BPF_LINK_TYPE_TRACING } from "@bpf-ts/uapi/link-types";
import type { Attachment } from "../hooks/attachment.ts";
import type { FunctionHook, KernelFunction } from "../hooks/kernel-function.ts";
import { type LinkDetails, LinkObject } from "../objects/link-object.ts";
import type { ProgObject } from "../objects/prog-object.ts";

/** An fentry, fexit or fmod_ret program on a kernel function. Takes a reference to the program. */
export class FunctionLink extends LinkObject {
  readonly type: number = BPF_LINK_TYPE_TRACING;
  readonly prog: ProgObject;
  readonly #fn: KernelFunction;
  readonly #hook: FunctionHook;
  readonly #attachment: Attachment;

  /** @throws KernelError E2BIG, EBUSY */
  constructor(
    prog: ProgObject,
    at: { fn: KernelFunction; hook: FunctionHook; cookie: bigint },
    onDestroy: (object: LinkObject) => void,
  ) {
    super(onDestroy);
    at.fn.checkRoom(at.hook, prog);
    prog.getRef();
    this.prog = prog;
    this.#fn = at.fn;
    this.#hook = at.hook;
    this.#attachment = { prog, cookie: at.cookie };
    this.#fn.attach(this.#hook, this.#attachment);
  }

  /** `struct { __u32 attach_type; __u32 target_obj_id; __u32 target_btf_id; } tracing`. */
  details(): LinkDetails {
    const tracing = { attachType: this.prog.expectedAttachType, targetObjId: 1, targetBtfId: this.prog.attachBtfId };
    return { tracing, raw: words(tracing.attachType, tracing.targetObjId, tracing.targetBtfId) };
  }

  protected release(): void {
    this.#fn.detach(this.#hook, this.#attachment);
    this.prog.putRef();
  }
}

/** Little-endian u32s, one after the other: the type-specific part of `struct bpf_link_info`. */
export function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value, true);
  return bytes;
}
