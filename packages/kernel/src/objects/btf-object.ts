import { Btf } from "@bpf-ts/btf";
import { RefCounted } from "./ref-counted.ts";

/** Loaded BTF. */
export class BtfObject extends RefCounted {
  id = 0;
  readonly btf: Btf;
  readonly data: Uint8Array;
  /** The kernel's own. */
  readonly isKernel: boolean;
  readonly #onDestroy: (object: BtfObject) => void;

  constructor(data: Uint8Array, isKernel: boolean, onDestroy: (object: BtfObject) => void) {
    super();
    this.data = new Uint8Array(data);
    this.btf = Btf.parse(this.data);
    this.isKernel = isKernel;
    this.#onDestroy = onDestroy;
  }

  describe(): string {
    return `BTF ${this.id}`;
  }

  protected destroy(): void {
    this.#onDestroy(this);
  }
}
