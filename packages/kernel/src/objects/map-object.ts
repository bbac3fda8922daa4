import type { Btf } from "@bpf-ts/btf";
import type { TraceableMap, TracerLists } from "@bpf-ts/map-trace";
import { type BpfMap, RingMap } from "@bpf-ts/maps";
import type { MapDef } from "@bpf-ts/uapi";
import { BPF_F_RDONLY_PROG } from "@bpf-ts/uapi/map-flags";
import { BPF_MAP_TYPE_ARRAY } from "@bpf-ts/uapi/map-types";
import type { VerifierMap } from "@bpf-ts/verifier";
import { WaitQueue } from "../process/wait-queue.ts";
import type { InnerTemplate } from "./inner-template.ts";
import type { MapTypes } from "./map-types.ts";
import { RefCounted } from "./ref-counted.ts";

/**
 * A map as an object of the kernel: what the maps package made, with an id, references, types and tracers. It is what verifier and map tracing
 * see of a map.
 */
export class MapObject extends RefCounted implements TraceableMap, VerifierMap {
  readonly map: BpfMap;
  readonly types: MapTypes | undefined;
  /** Template of map-in-map types. */
  readonly inner?: InnerTemplate;
  /** Those who wait for records, or for room: of ring buffers. */
  readonly waitQueue?: WaitQueue;
  tracers: TracerLists | null = null;
  frozen = false;
  /** Writable mappings by user space and writes in flight: freezing waits for none. */
  writers = 0;
  /** User space has mapped it, now or before. */
  wasMapped = false;
  #userRefs = 1;
  #tailCallOwner: { progType: number; expectedAttachType: number } | undefined;
  readonly #onDestroy: (object: MapObject, free: () => void) => void;

  /**
   * @param inner handed over
   * @param onDestroy the map is gone for everybody but programs that run: `free` is to be called when none does
   */
  constructor(
    map: BpfMap,
    types: MapTypes | undefined,
    inner: InnerTemplate | undefined,
    onDestroy: (object: MapObject, free: () => void) => void,
  ) {
    super();
    this.map = map;
    this.types = types;
    types?.object.getRef();
    if (inner !== undefined) this.inner = inner;
    if (map instanceof RingMap) {
      const queue = new WaitQueue();
      this.waitQueue = queue;
      map.onWakeup = () => queue.wake();
    }
    this.#onDestroy = onDestroy;
  }

  get id(): number {
    return this.map.id;
  }

  get def(): MapDef {
    return this.map.def;
  }

  get name(): string {
    return this.map.def.name;
  }

  get handle(): number {
    return this.map.handle;
  }

  get btf(): Btf | undefined {
    return this.types?.object.btf;
  }

  get keyTypeId(): number {
    return this.types?.keyTypeId ?? 0;
  }

  get valueTypeId(): number {
    return this.types?.valueTypeId ?? 0;
  }

  /** Arrays alone have values at addresses that programs may know. */
  get valueAddress(): ((off: number) => number) | undefined {
    return this.def.type === BPF_MAP_TYPE_ARRAY ? (off) => this.map.directValue(off) : undefined;
  }

  readConst(off: number, size: number): bigint | undefined {
    if (!this.frozen || (this.def.mapFlags & BPF_F_RDONLY_PROG) === 0 || this.writers > 0) return undefined;
    const address = this.map.directValue(off);
    if (address < 0 || off + size > this.def.valueSize) return undefined;
    const bytes = this.map.table.memory.read(address, size);
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    return value;
  }

  /**
   * Whether a program may be put into this PROG_ARRAY, or use it: all of its programs are of one type and one attach type. The first one decides.
   *
   * @see v6.18 kernel/bpf/core.c, bpf_prog_map_compatible
   */
  acceptsTailCallTo({ progType, expectedAttachType = 0 }: { progType: number; expectedAttachType?: number }): boolean {
    this.#tailCallOwner ??= { progType, expectedAttachType };
    return this.#tailCallOwner.progType === progType && this.#tailCallOwner.expectedAttachType === expectedAttachType;
  }

  tracersChanged(): void {
    this.map.tracers = this.tracers === null || this.tracers.isEmpty ? undefined : this.tracers;
  }

  getUserRef(): void {
    this.getRef();
    this.#userRefs++;
  }

  putUserRef(): void {
    if (--this.#userRefs === 0) this.map.releaseUserRefs();
    this.putRef();
  }

  describe(): string {
    return `map ${this.id} (${this.name})`;
  }

  protected destroy(): void {
    this.tracers = null;
    this.#onDestroy(this, () => {
      this.map.close();
      this.inner?.release();
      this.types?.object.putRef();
    });
  }
}
