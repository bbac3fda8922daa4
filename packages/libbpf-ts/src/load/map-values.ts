import type { MapDef } from "@bpf-ts/uapi";
import {
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
  BPF_MAP_TYPE_PERCPU_HASH,
} from "@bpf-ts/uapi/map-types";
import { LibbpfError } from "../error.ts";
import type { ValueCodec } from "../typed/value-codec.ts";

const PER_CPU: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
]);

/**
 * Values as bpf(2) moves them, from and to JavaScript: one, or of per-CPU maps an array of them, one a possible CPU, each padded to 8 bytes.
 */
export class MapValues implements ValueCodec {
  /** Bytes that bpf(2) moves. */
  readonly size: number;
  readonly #codec: ValueCodec;
  readonly #valueSize: number;
  readonly #name: string;
  /** Distance of two CPUs' values; undefined for maps that are not per-CPU. */
  readonly #stride: number | undefined;
  readonly #cpus: number;

  /** @param codec one value's */
  constructor(def: MapDef, codec: ValueCodec, cpus: number, name: string) {
    this.#codec = codec;
    this.#valueSize = def.valueSize;
    this.#name = name;
    this.#stride = PER_CPU.has(def.type) ? Math.ceil(def.valueSize / 8) * 8 : undefined;
    this.#cpus = cpus;
    this.size = this.#stride === undefined ? def.valueSize : this.#stride * cpus;
  }

  decode(bytes: Uint8Array): unknown {
    const stride = this.#stride;
    if (stride === undefined) return this.#codec.decode(bytes);
    return Array.from({ length: this.#cpus }, (_, cpu) =>
      this.#codec.decode(bytes.subarray(cpu * stride, cpu * stride + this.#valueSize)),
    );
  }

  encode(value: unknown): Uint8Array {
    const stride = this.#stride;
    if (stride === undefined) return this.#codec.encode(value);
    const bytes = new Uint8Array(this.size);
    if (value instanceof Uint8Array && value.length === bytes.length) return new Uint8Array(value);
    if (!Array.isArray(value) || value.length !== this.#cpus)
      throw new LibbpfError(
        "VALUE",
        `map ${this.#name}: value: expected an array of ${this.#cpus}, one a possible CPU, or ${bytes.length} bytes`,
      );
    value.forEach((one, cpu) => {
      bytes.set(this.#codec.encode(one), cpu * stride);
    });
    return bytes;
  }
}
