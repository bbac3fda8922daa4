import type { Btf } from "@bpf-ts/btf";
import { type Bpf, BpfError, type MapDef, type MapInfo } from "@bpf-ts/uapi";
import { ENOENT } from "@bpf-ts/uapi/errno";
import {
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
  BPF_MAP_TYPE_PERCPU_HASH,
} from "@bpf-ts/uapi/map-types";
import { LibbpfError } from "../error.ts";
import type { MapSpec } from "../spec/map-spec.ts";
import { btfCodec, bytesCodec, type MapCodec } from "../typed/map-codec.ts";

const PER_CPU: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
]);

/**
 * A map of a loaded object, used like a `Map`. Keys and values are JavaScript values by the map's BTF types (`{ pid: 1, fd: 3 }`), or `Uint8Array`s
 * for maps without; bytes are always accepted. Per-CPU maps have arrays of values, one a possible CPU.
 */
export class BpfMap {
  readonly #bpf: Bpf;
  /** Belongs to the object, or to whoever it was reused from. */
  readonly fd: number;
  /** As the kernel has it. */
  readonly def: MapDef;
  /** The name that the object declares. */
  readonly name: string;
  readonly #key: MapCodec<unknown>;
  readonly #value: MapCodec<unknown>;
  readonly #isPerCpu: boolean;
  /** Distance of two CPUs' values: the value's size rounded up to 8 bytes. */
  readonly #stride: number;

  constructor(bpf: Bpf, fd: number, def: MapDef, spec: MapSpec, types: Btf | undefined) {
    this.#bpf = bpf;
    this.fd = fd;
    this.def = def;
    this.name = spec.declaredName;
    const codec = (typeId: number, size: number, what: string): MapCodec<unknown> =>
      types === undefined || typeId === 0 || types.sizeOf(typeId) !== size
        ? bytesCodec(size, what)
        : btfCodec(types, typeId, size, what);
    this.#key = codec(spec.keyTypeId, def.keySize, "key");
    this.#value = codec(spec.valueTypeId, def.valueSize, "value");
    this.#isPerCpu = PER_CPU.has(def.type);
    this.#stride = (def.valueSize + 7) & ~7;
  }

  info(): MapInfo {
    const info = this.#bpf.objGetInfo(this.fd);
    if (info.kind !== "map") throw new Error(`fd ${this.fd} is a ${info.kind}, expected a map`);
    return info;
  }

  /** The value of a key, undefined if there is none. */
  get(key: unknown): unknown {
    const bytes = this.lookupBytes(this.#key.encode(key));
    return bytes === undefined ? undefined : this.#decodeValue(bytes);
  }

  /**
   * @param flags `BPF_ANY` (default), `BPF_NOEXIST`, `BPF_EXIST`
   * @throws BpfError with the kernel's errno
   */
  set(key: unknown, value: unknown, flags: bigint = 0n): this {
    this.#bpf.mapUpdateElem(this.fd, this.#key.encode(key), this.#encodeValue(value), flags);
    return this;
  }

  has(key: unknown): boolean {
    return this.lookupBytes(this.#key.encode(key)) !== undefined;
  }

  /** Whether there was such a key. */
  delete(key: unknown): boolean {
    return orMissing(() => this.#bpf.mapDeleteElem(this.fd, this.#key.encode(key)));
  }

  /** Keys in the kernel's order. A key that is deleted by others meanwhile makes the kernel start again: it may come twice. */
  *keys(): IterableIterator<unknown> {
    for (const key of this.keyBytes()) yield this.#key.decode(key);
  }

  *entries(): IterableIterator<[unknown, unknown]> {
    for (const key of this.keyBytes()) {
      const value = this.lookupBytes(key);
      // Deleted since its key was read.
      if (value !== undefined) yield [this.#key.decode(key), this.#decodeValue(value)];
    }
  }

  [Symbol.iterator](): IterableIterator<[unknown, unknown]> {
    return this.entries();
  }

  *keyBytes(): IterableIterator<Uint8Array> {
    let key: Uint8Array | null = null;
    for (;;) {
      const next: Uint8Array = new Uint8Array(this.def.keySize);
      if (!this.#bpf.mapGetNextKey(this.fd, key, next)) return;
      yield next;
      key = next;
    }
  }

  /** The raw value; for per-CPU maps all CPUs' values, each padded to 8 bytes. */
  lookupBytes(key: Uint8Array): Uint8Array | undefined {
    const value = new Uint8Array(this.#isPerCpu ? this.#stride * this.#bpf.possibleCpus : this.def.valueSize);
    return orMissing(() => this.#bpf.mapLookupElem(this.fd, key, value)) ? value : undefined;
  }

  /** User space can't write to it any more. */
  freeze(): void {
    this.#bpf.mapFreeze(this.fd);
  }

  #decodeValue(bytes: Uint8Array): unknown {
    if (!this.#isPerCpu) return this.#value.decode(bytes);
    return Array.from({ length: this.#bpf.possibleCpus }, (_, cpu) =>
      this.#value.decode(bytes.subarray(cpu * this.#stride, cpu * this.#stride + this.def.valueSize)),
    );
  }

  #encodeValue(value: unknown): Uint8Array {
    if (!this.#isPerCpu) return this.#value.encode(value);
    const cpus = this.#bpf.possibleCpus;
    if (!Array.isArray(value) || value.length !== cpus) {
      throw new LibbpfError("VALUE", `map ${this.name}: a per-CPU value is an array of ${cpus}, one a possible CPU`);
    }
    const bytes = new Uint8Array(this.#stride * cpus);
    value.forEach((one, cpu) => {
      bytes.set(this.#value.encode(one), cpu * this.#stride);
    });
    return bytes;
  }
}

/** Runs a command; false if it answered ENOENT. */
function orMissing(command: () => void): boolean {
  try {
    command();
    return true;
  } catch (error) {
    if (error instanceof BpfError && error.errno === ENOENT) return false;
    throw error;
  }
}
