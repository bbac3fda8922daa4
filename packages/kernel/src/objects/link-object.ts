import type { LinkInfo } from "@bpf-ts/uapi";
import { EINVAL, EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";
import type { ProgObject } from "./prog-object.ts";
import { RefCounted } from "./ref-counted.ts";

/** The part of a link's info that depends on its type. */
export type LinkDetails = Omit<LinkInfo, "kind" | "id" | "type" | "progId" | "raw"> & { raw?: Uint8Array };

/** A link: a program tied to something. One subclass a kind of attachment, under links/. */
export abstract class LinkObject extends RefCounted {
  id = 0;
  /** `BPF_LINK_TYPE_*`. */
  abstract readonly type: number;
  readonly #onDestroy: (object: LinkObject) => void;

  constructor(onDestroy: (object: LinkObject) => void) {
    super();
    this.#onDestroy = onDestroy;
  }

  abstract get prog(): ProgObject;

  /** Type-specific info. */
  abstract details(): LinkDetails;

  /**
   * BPF_LINK_UPDATE.
   *
   * @param _oldProg the program that must be attached now, if the caller says so
   * @throws KernelError EINVAL for links that can't be updated
   */
  update(_newProg: ProgObject, _oldProg: ProgObject | undefined): void {
    throw new KernelError(EINVAL, `links of type ${this.type} cannot be updated`);
  }

  /** BPF_LINK_DETACH. @throws KernelError */
  detach(): void {
    throw new KernelError(EOPNOTSUPP, `links of type ${this.type} cannot be detached`);
  }

  describe(): string {
    return `link ${this.id}`;
  }

  /** Undoes the attachment. */
  protected abstract release(): void;

  protected destroy(): void {
    this.release();
    this.#onDestroy(this);
  }
}
