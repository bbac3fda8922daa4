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
import { keyCodec, mapValueCodec } from "../typed/map-codecs.ts";
import type { ValueCodec } from "../typed/value-codec.ts";

const PER_CPU: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
]);

/**
 * A map of a loaded object, used like a `Map`. Keys and values are JavaScript values by the map's BTF types (`{ pid: 1, fd: 3 }`), or `Uint8Array`s
 * for maps without; bytes are always accepted. Indexes of arrays are numbers, values of maps that hold programs or maps are those, or fds. Per-CPU
 * maps have arrays of values, one a possible CPU. Queues, stacks and bloom filters have no keys: pass `undefined`.
 */
export class BpfMap implements Disposable {
  readonly #bpf: Bpf;
  #fd: number | undefined;
  readonly #isOwned: boolean;
  /** As the kernel has it. */
  readonly def: MapDef;
  /** The name that the object declares. */
  readonly name: string;
  readonly #key: ValueCodec;
  readonly #value: ValueCodec;
  readonly #isPerCpu: boolean;
  /** Distance of two CPUs' values: the value's size rounded up to 8 bytes. */
  readonly #stride: number;

  /** @param isOwned close the fd with the map */
  constructor(bpf: Bpf, fd: number, def: MapDef, spec: MapSpec, types: Btf | undefined, isOwned: boolean) {
    this.#bpf = bpf;
    this.#fd = fd;
    this.#isOwned = isOwned;
    this.def = def;
    this.name = spec.declaredName;
    this.#key = keyCodec(def, spec.keyTypeId, types, `map ${this.name}: key`);
    this.#value = mapValueCodec(def, spec.valueTypeId, types, `map ${this.name}: value`);
    this.#isPerCpu = PER_CPU.has(def.type);
    this.#stride = Math.ceil(def.valueSize / 8) * 8;
  }

  /** @throws LibbpfError STATE once closed */
  get fd(): number {
    if (this.#fd === undefined) throw new LibbpfError("STATE", `map ${this.name} is closed`);
    return this.#fd;
  }

  info(): MapInfo {
    const info = this.#bpf.objGetInfo(this.fd);
    if (info.kind !== "map") throw new Error(`fd ${this.fd} is a ${info.kind}, expected a map`);
    return info;
  }

  /** The value of a key, undefined if there is none. @throws LibbpfError VALUE; BpfError with the kernel's errno */
  get(key?: unknown): unknown {
    const bytes = this.lookupBytes(this.#key.encode(key));
    return bytes === undefined ? undefined : this.#decodeValue(bytes);
  }

  /**
   * @param flags `BPF_ANY` (default), `BPF_NOEXIST`, `BPF_EXIST`
   * @throws LibbpfError VALUE, BtfError BTF_VALUE for what does not fit; BpfError with the kernel's errno
   */
  set(key: unknown, value: unknown, flags: bigint = 0n): this {
    this.#bpf.mapUpdateElem(this.fd, this.#key.encode(key), this.#encodeValue(value), flags);
    return this;
  }

  has(key?: unknown): boolean {
    return this.lookupBytes(this.#key.encode(key)) !== undefined;
  }

  /** Whether there was such a key. */
  delete(key: unknown): boolean {
    const bytes = this.#key.encode(key);
    return isFound(() => this.#bpf.mapDeleteElem(this.fd, bytes));
  }

  /** Takes a key's value out of the map; undefined if there is none. What pops from a queue or stack. */
  take(key?: unknown): unknown {
    const bytes = this.#key.encode(key);
    const value = new Uint8Array(this.#bytesOfValue);
    return isFound(() => this.#bpf.mapLookupAndDeleteElem(this.fd, bytes, value))
      ? this.#decodeValue(value)
      : undefined;
  }

  /** Keys in the kernel's order. A key that is deleted by others meanwhile makes the kernel start again: others may then come twice. */
  *keys(): IterableIterator<unknown> {
    for (const key of this.keyBytes()) yield this.#key.decode(key);
  }

  *values(): IterableIterator<unknown> {
    for (const [, value] of this.entries()) yield value;
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

  /** Raw keys; each is the caller's. */
  *keyBytes(): IterableIterator<Uint8Array> {
    let key: Uint8Array | null = null;
    for (;;) {
      const next: Uint8Array = new Uint8Array(this.def.keySize);
      if (!this.#bpf.mapGetNextKey(this.fd, key, next)) return;
      // A copy is kept: what the caller does with his is his.
      key = next.slice();
      yield next;
    }
  }

  /** The raw value; of per-CPU maps all CPUs' values, each padded to 8 bytes. Undefined if there is none. */
  lookupBytes(key: Uint8Array): Uint8Array | undefined {
    const value = new Uint8Array(this.#bytesOfValue);
    return isFound(() => this.#bpf.mapLookupElem(this.fd, key, value)) ? value : undefined;
  }

  /** User space can't write to it any more. */
  freeze(): void {
    this.#bpf.mapFreeze(this.fd);
  }

  /** Closes its fd, unless it was reused: then that is its owner's. Doing it twice is no error. */
  close(): void {
    if (this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    if (this.#isOwned) this.#bpf.close(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get #bytesOfValue(): number {
    return this.#isPerCpu ? this.#stride * this.#bpf.possibleCpus : this.def.valueSize;
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
    const bytes = new Uint8Array(this.#stride * cpus);
    if (value instanceof Uint8Array && value.length === bytes.length) return new Uint8Array(value);
    if (!Array.isArray(value) || value.length !== cpus)
      throw new LibbpfError(
        "VALUE",
        `map ${this.name}: value: expected an array of ${cpus}, one a possible CPU, or ${bytes.length} bytes`,
      );
    value.forEach((one, cpu) => {
      bytes.set(this.#value.encode(one), cpu * this.#stride);
    });
    return bytes;
  }
}

/** Runs a command; false if it answered ENOENT. */
function isFound(command: () => void): boolean {
  try {
    command();
    return true;
  } catch (error) {
    if (error instanceof BpfError && error.errno === ENOENT) return false;
    throw error;
  }
}
