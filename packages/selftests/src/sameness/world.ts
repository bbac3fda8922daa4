import {
  type Bpf,
  BpfError,
  type MapBtfRef,
  type MapCreateAttr,
  type MappedMemory,
  UnsupportedError,
} from "@bpf-ts/uapi";
import { EAGAIN } from "@bpf-ts/uapi/errno";
import { errnoName } from "@bpf-ts/uapi/errno-names";
import { concat, hex, u32 } from "./bytes.ts";
import { anyKey, anyValue, type Family, type ObjectName } from "./family.ts";
import type { Objects } from "./objects.ts";
import { MapPrograms } from "./programs.ts";
import { Ring } from "./ring.ts";
import type { Side } from "./sides.ts";
import { isHashTable, type MapSpec, type Op, type TypeName } from "./spec.ts";
import { type BtfName, LIST_HEAD, NAMED_BTF } from "./types.ts";

const PAGE = 4096;
/** Keys of one walk: a walk that does not end is a difference, too. */
const WALK_LIMIT = 4000;

/** One map in one kernel, and what is done to it. Every operation answers a text; what two kernels answer must be equal. */
export class World {
  readonly #side: Side;
  readonly #bpf: Bpf;
  readonly #objects: Objects;
  readonly #family: Family;
  readonly #spec: MapSpec;
  readonly #cpus: number;
  #map = -1;
  #programs: MapPrograms | undefined;
  #ring: Ring | undefined;

  constructor(side: Side, objects: Objects, family: Family, spec: MapSpec) {
    this.#side = side;
    this.#bpf = side.bpf;
    this.#objects = objects;
    this.#family = family;
    this.#spec = spec;
    this.#cpus = side.bpf.possibleCpus;
  }

  /** Creates the map: `ok`, or the errno's name. */
  create(): string {
    const {
      type,
      keySize,
      valueSize,
      maxEntries,
      flags: mapFlags,
      extra,
      numaNode,
      name = "",
      inner,
      btf,
      kernelType,
    } = this.#spec;
    const attr: MapCreateAttr = {
      type,
      name,
      keySize,
      valueSize,
      maxEntries,
      mapFlags,
      ...(extra === undefined ? {} : { mapExtra: extra }),
      ...(numaNode === undefined ? {} : { numaNode }),
      ...(inner === undefined ? {} : { innerMapFd: this.#objects.fd(inner as ObjectName, -1) }),
      ...(btf === undefined ? {} : { btf: this.#types(btf) }),
      ...(kernelType === undefined
        ? {}
        : {
            btfVmlinuxValueTypeId: this.#objects.kernelType(kernelType),
            // Read with BPF_F_VTYPE_BTF_OBJ_FD alone. A BTF, but no module's.
            valueTypeBtfObjFd: this.#objects.btf("plain"),
          }),
    };
    return answer(() => {
      this.#map = this.#bpf.mapCreate(attr);
      return "";
    });
  }

  #types(name: BtfName): MapBtfRef {
    const { ids, keyTypeId, valueTypeId } = NAMED_BTF[name];
    const { types } = this.#spec;
    if (types === undefined) return { btfFd: this.#objects.btf(name), keyTypeId, valueTypeId };
    const idOf = (type: TypeName | "none"): number => (type === "none" ? 0 : ids[type]);
    const fds = {
      own: () => this.#objects.btf(name),
      kernel: () => this.#objects.kernelBtf(),
      closed: () => this.#objects.fd("closed", -1),
      program: () => this.#objects.fd("p:filter", -1),
    };
    return { btfFd: fds[types.fd](), keyTypeId: idOf(types.key), valueTypeId: idOf(types.value) };
  }

  /** Whether there is a map to operate on. */
  get exists(): boolean {
    return this.#map >= 0;
  }

  close(): void {
    this.#ring?.close();
    this.#programs?.close();
    if (this.exists) {
      this.#bpf.close(this.#map);
      this.#side.closed();
    }
    this.#map = -1;
    this.#objects.forgetFiles();
  }

  do(op: Op): string {
    return answer(() => this.#do(op));
  }

  get #ordered(): boolean {
    return this.#family.isOrdered(this.#spec);
  }

  #key(n: number): Uint8Array {
    const { key = anyKey } = this.#family;
    return key(this.#spec, n % this.#spec.keys);
  }

  #value(n: number): Uint8Array {
    const { value = anyValue } = this.#family;
    return value(this.#spec, n, this.#cpus, (name) => this.#objects.fd(name, this.#map));
  }

  /** A value as a program writes it. */
  #programValue(n: number): Uint8Array {
    const { value = anyValue } = this.#family;
    return value(this.#spec, n, 1, (name) => this.#objects.fd(name, this.#map)).subarray(0, this.#spec.valueSize);
  }

  /** Room for what user space reads of one element. */
  #room(): Uint8Array {
    return new Uint8Array(anyValue(this.#spec, 0, this.#cpus).length);
  }

  /** What user space read of one element. */
  #show(value: Uint8Array): string {
    // Where Linux shows addresses of its own: the heads of lists.
    if (this.#spec.btf === "list") value.fill(0, LIST_HEAD.start, LIST_HEAD.end);
    const { objects = [], show, holdsObjects } = this.#family;
    const nameOf = (id: bigint): string => this.#objects.nameOf(id, objects, this.#map);
    if (show !== undefined) return show(this.#spec, value, nameOf);
    if (holdsObjects !== true) return hex(value);
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    return nameOf(value.length === 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true)));
  }

  #do(op: Op): string {
    const bpf = this.#bpf;
    const map = this.#map;
    switch (op.op) {
      case "lookup": {
        // Bloom filters are asked about the value.
        const value = this.#spec.type === 30 ? this.#value(op.k % this.#spec.keys) : this.#room();
        bpf.mapLookupElem(map, this.#key(op.k), value, op.flags);
        return this.#show(value);
      }
      case "take": {
        const value = this.#room();
        bpf.mapLookupAndDeleteElem(map, this.#key(op.k), value, op.flags);
        return this.#show(value);
      }
      case "update":
        bpf.mapUpdateElem(map, this.#key(op.k), this.#value(op.v), op.flags);
        return "";
      case "delete":
        bpf.mapDeleteElem(map, this.#key(op.k));
        return "";
      case "next":
        return this.#next(op.k);
      case "walk":
        return this.#walk();
      case "lookupBatch":
        return this.#lookupBatch(op.start, op.count, op.flags, op.take);
      case "walkBatch":
        return this.#walkBatch(op.count, op.take);
      case "updateBatch": {
        const values = op.ks.map((_k, i) => this.#value(op.v + i));
        const keys = concat(op.ks.map((k) => this.#key(k)));
        return String(bpf.mapUpdateBatch(map, op.ks.length, keys, concat(values), op.flags));
      }
      case "deleteBatch":
        return String(bpf.mapDeleteBatch(map, op.ks.length, concat(op.ks.map((k) => this.#key(k))), op.flags));
      case "fill": {
        const n = Math.min(op.n, this.#spec.maxEntries, this.#spec.keys);
        const results = Array.from({ length: n }, (_, k) =>
          answer(() => {
            bpf.mapUpdateElem(map, this.#key(k), this.#value(k), 0n);
            return "";
          }),
        );
        return `${n} ${[...new Set(results)].join(" ")}`;
      }
      case "freeze":
        bpf.mapFreeze(map);
        return "";
      case "info":
        return this.#info();
      case "reopen": {
        const fd = bpf.getFdById("map", bpf.objGetInfo(map).id);
        bpf.close(map);
        this.#map = fd;
        return "";
      }
      case "run": {
        this.#programs ??= new MapPrograms(bpf, map, this.#spec);
        const { r0, out } = this.#programs.run(op.call, this.#key(op.k), this.#programInput(op), op.flags);
        const shows =
          op.call === "lookup" || op.call === "lookupPercpu" ? r0 === 1 : op.call === "pop" || op.call === "peek";
        return shows && this.#spec.type !== 30 ? `${r0} ${hex(out)}` : String(r0);
      }
      case "store": {
        const fd = this.#objects.fd(this.#object(op.object), map);
        const value = new Uint8Array(this.#spec.valueSize === 8 ? 8 : 4);
        const view = new DataView(value.buffer);
        if (value.length === 8) view.setBigInt64(0, BigInt(fd), true);
        else view.setInt32(0, fd, true);
        bpf.mapUpdateElem(map, this.#key(op.k), value, op.flags);
        return "";
      }
      case "ownerLookup": {
        const value = new Uint8Array(this.#spec.valueSize);
        bpf.mapLookupElem(map, this.#owner(op.object), value, op.flags);
        return hex(value);
      }
      case "ownerUpdate":
        tryAgain(() => bpf.mapUpdateElem(map, this.#owner(op.object), this.#value(op.v), op.flags));
        return "";
      case "ownerDelete":
        bpf.mapDeleteElem(map, this.#owner(op.object));
        return "";
      case "forget":
        this.#objects.forget(this.#object(op.object));
        return "";
      case "memory":
        return this.#memory(op.page, op.at, op.v, op.write);
      case "ring":
        this.#ring ??= new Ring(bpf, map, this.#spec.maxEntries);
        return this.#ring.do(op.what, op.n);
    }
  }

  #programInput(op: Extract<Op, { op: "run" }>): Uint8Array {
    if (op.call === "ringbufOutput") return concat([u32(op.k, 0), new Uint8Array(op.k % 4096).fill(op.v)]);
    // A bloom filter is asked about one of the values that are put in.
    return this.#programValue(this.#spec.type === 30 ? op.k % this.#spec.keys : op.v);
  }

  #object(n: number): ObjectName {
    const objects = this.#family.objects ?? [];
    return objects[n % objects.length]!;
  }

  #owner(n: number): Uint8Array {
    return u32(this.#objects.fd(this.#object(n), this.#map) >>> 0);
  }

  #next(k: number | null): string {
    const next = new Uint8Array(this.#spec.keySize);
    if (!this.#ordered && k !== null) return "depends on the order";
    if (!this.#bpf.mapGetNextKey(this.#map, k === null ? null : this.#key(k), next)) return "end";
    return this.#ordered ? hex(next) : "some key";
  }

  #walk(): string {
    const keys: string[] = [];
    let at: Uint8Array | null = null;
    for (
      let next = new Uint8Array(this.#spec.keySize);
      this.#bpf.mapGetNextKey(this.#map, at, next);
      next = next.slice()
    ) {
      keys.push(hex(next));
      at = next;
      if (keys.length > WALK_LIMIT) return "does not end";
    }
    return (this.#ordered ? keys : keys.sort()).join(" ");
  }

  #batchRoom(count: number): { outBatch: Uint8Array; keys: Uint8Array; values: Uint8Array; count: number } {
    const { keySize } = this.#spec;
    const outBatch = new Uint8Array(Math.max(4, keySize));
    return {
      outBatch,
      count,
      keys: new Uint8Array(count * keySize),
      values: new Uint8Array(count * this.#room().length),
    };
  }

  #elements({ keys, values }: { keys: Uint8Array; values: Uint8Array }, count: number): string[] {
    const { keySize } = this.#spec;
    const size = this.#room().length;
    return Array.from({ length: count }, (_, i) => {
      const key = hex(keys.subarray(i * keySize, (i + 1) * keySize));
      return `${key}=${this.#show(values.subarray(i * size, (i + 1) * size))}`;
    });
  }

  #lookupBatch(start: number | null, count: number, flags: bigint, take: boolean): string {
    if (!this.#ordered) return "depends on the order";
    const room = this.#batchRoom(count);
    const state = room.outBatch.length;
    const inBatch = new Uint8Array(state);
    if (start !== null) inBatch.set(isHashTable(this.#spec.type) ? u32(start) : this.#key(start));
    const batch = { ...room, inBatch: start === null ? null : inBatch, elemFlags: flags };
    const result = take
      ? this.#bpf.mapLookupAndDeleteBatch(this.#map, batch)
      : this.#bpf.mapLookupBatch(this.#map, batch);
    const stopped = isHashTable(this.#spec.type)
      ? room.outBatch.subarray(0, 4)
      : room.outBatch.subarray(0, this.#spec.keySize);
    return `${result.count} ${result.done} ${hex(stopped)} ${this.#elements(room, result.count).join(" ")}`;
  }

  #walkBatch(count: number, take: boolean): string {
    const found: string[] = [];
    let inBatch: Uint8Array | null = null;
    // Which parts of a hash do not fit depends on the order: then all at once.
    const room = this.#batchRoom(this.#ordered ? count : WALK_LIMIT);
    for (let calls = 0; calls < WALK_LIMIT; calls++) {
      const batch = { ...room, inBatch };
      const result = take
        ? this.#bpf.mapLookupAndDeleteBatch(this.#map, batch)
        : this.#bpf.mapLookupBatch(this.#map, batch);
      found.push(...this.#elements(room, result.count));
      if (result.done) return (this.#ordered ? found : found.sort()).join(" ");
      if (result.count === 0) return `stops: ${found.join(" ")}`;
      inBatch = room.outBatch.slice();
    }
    return "does not end";
  }

  #info(): string {
    const info = this.#bpf.objGetInfo(this.#map);
    if (info.kind !== "map") return info.kind;
    // Ids are each kernel's own.
    const { id: _id, btfId: _btfId, numaNode: _numaNode, btfVmlinuxValueTypeId, ...rest } = info;
    return Object.entries({ ...rest, hasKernelType: btfVmlinuxValueTypeId !== 0 })
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join(" ");
  }

  #memory(page: number, at: number, v: number, write: boolean): string {
    // The data of a user's ring is mapped twice: whether the second time is the same memory is a limit of ours.
    const at4k = this.#spec.type === 31 ? page % 3 : page;
    const mapped: MappedMemory = this.#bpf.mmap(this.#map, PAGE, at4k * PAGE, write);
    try {
      const { bytes } = mapped;
      if (write) bytes[at] = v;
      let sum = 0;
      for (const [i, byte] of bytes.entries()) sum = (sum + byte * (i + 1)) % 1_000_003;
      return String(sum);
    } finally {
      mapped[Symbol.dispose]();
    }
  }
}

/** Does it until the answer is not EAGAIN: what Linux says while the storage of a map that was closed before is being taken off the object. */
function tryAgain(act: () => void): void {
  for (let tries = 0; ; tries++) {
    try {
      act();
      return;
    } catch (error) {
      if (!(error instanceof BpfError) || error.errno !== EAGAIN || tries === 1000) throw error;
    }
  }
}

/** What an operation answers, or the name of its errno. What is unsupported is no answer: it would be taken for one of the kernel's. */
function answer(run: () => string): string {
  try {
    return `ok ${run()}`.trimEnd();
  } catch (error) {
    if (!(error instanceof BpfError) || error instanceof UnsupportedError || error.errno === undefined) throw error;
    const count = error.details?.["count"];
    return count === undefined || count === 0 ? errnoName(error.errno) : `${errnoName(error.errno)} after ${count}`;
  }
}
