import type { Bpf } from "@bpf-ts/uapi";
import { BPF_F_MMAPABLE } from "@bpf-ts/uapi/map-flags";
import type { VariableSpec } from "../spec/variable-spec.ts";
import type { ValueCodec } from "../typed/value-codec.ts";
import type { BpfMap } from "./bpf-map.ts";

/** A global variable of a loaded object. Values are JavaScript values by its BTF type, or bytes. */
export class BpfVariable {
  readonly #bpf: Bpf;
  readonly #map: BpfMap;
  readonly #codec: ValueCodec;
  readonly #offset: number;
  readonly name: string;

  constructor(bpf: Bpf, map: BpfMap, spec: VariableSpec) {
    this.#bpf = bpf;
    this.#map = map;
    this.name = spec.name;
    this.#codec = spec.codec;
    this.#offset = spec.offset;
  }

  /** Its value now. @throws LibbpfError STATE, VALUE */
  get(): unknown {
    return this.#codec.decode(this.#section().slice(this.#offset, this.#offset + this.#codec.size));
  }

  /**
   * Writes it. Sections that can be mapped into memory are written there, so that programs that write to other variables meanwhile lose nothing;
   * others are read and written back as a whole.
   *
   * @throws LibbpfError STATE, VALUE; BtfError BTF_VALUE; BpfError EPERM for constants
   */
  set(value: unknown): this {
    const bytes = this.#codec.encode(value);
    const { fd, def } = this.#map;
    if ((def.mapFlags & BPF_F_MMAPABLE) !== 0) {
      const memory = this.#bpf.mmap(fd, def.valueSize, 0, true);
      try {
        memory.bytes.set(bytes, this.#offset);
      } finally {
        memory[Symbol.dispose]();
      }
    } else {
      const section = this.#section();
      section.set(bytes, this.#offset);
      this.#bpf.mapUpdateElem(fd, new Uint8Array(4), section);
    }
    return this;
  }

  #section(): Uint8Array {
    const section = this.#map.lookupBytes(new Uint8Array(4));
    if (section === undefined) throw new Error(`map ${this.#map.name} has no first value`);
    return section;
  }
}
