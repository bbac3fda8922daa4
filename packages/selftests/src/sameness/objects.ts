import { Btf } from "@bpf-ts/btf";
import { assembleKernel, encode } from "@bpf-ts/isa";
import type { MapCreateAttr } from "@bpf-ts/uapi";
import { BPF_XDP_CPUMAP, BPF_XDP_DEVMAP } from "@bpf-ts/uapi/attach-types";
import { BPF_F_INNER_MAP, BPF_F_NO_PREALLOC } from "@bpf-ts/uapi/map-flags";
import * as T from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_SOCKET_FILTER, BPF_PROG_TYPE_XDP } from "@bpf-ts/uapi/prog-types";
import type { MapName, ObjectName, ProgName } from "./family.ts";
import type { FileKind, Side } from "./sides.ts";
import { type BtfName, NAMED_BTF } from "./types.ts";

const NO_SUCH_TYPE = 0x7fff_ffff;
/** An fd that is not open. */
const CLOSED_FD = 987_654;

const PROGS: Readonly<Record<ProgName, { type: number; attach: number }>> = {
  filter: { type: BPF_PROG_TYPE_SOCKET_FILTER, attach: 0 },
  filter2: { type: BPF_PROG_TYPE_SOCKET_FILTER, attach: 0 },
  xdp: { type: BPF_PROG_TYPE_XDP, attach: 0 },
  devmap: { type: BPF_PROG_TYPE_XDP, attach: BPF_XDP_DEVMAP },
  cpumap: { type: BPF_PROG_TYPE_XDP, attach: BPF_XDP_CPUMAP },
};

function def(type: number, maxEntries: number, mapFlags = 0, valueSize = 8): MapCreateAttr {
  return { type, name: "", keySize: 4, valueSize, maxEntries, mapFlags };
}

const MAPS: Readonly<Record<MapName, MapCreateAttr & { types?: BtfName; template?: MapName }>> = {
  array4: def(T.BPF_MAP_TYPE_ARRAY, 4),
  array4b: def(T.BPF_MAP_TYPE_ARRAY, 4),
  array5: def(T.BPF_MAP_TYPE_ARRAY, 5),
  hash4: def(T.BPF_MAP_TYPE_HASH, 4),
  hash5: def(T.BPF_MAP_TYPE_HASH, 5),
  inner4: def(T.BPF_MAP_TYPE_ARRAY, 4, BPF_F_INNER_MAP),
  inner5: def(T.BPF_MAP_TYPE_ARRAY, 5, BPF_F_INNER_MAP),
  noPrealloc: def(T.BPF_MAP_TYPE_HASH, 4, BPF_F_NO_PREALLOC),
  lru: def(T.BPF_MAP_TYPE_LRU_HASH, 4),
  progs: def(T.BPF_MAP_TYPE_PROG_ARRAY, 4, 0, 4),
  outer: { ...def(T.BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 0, 4), template: "array4" },
  locked: { ...def(T.BPF_MAP_TYPE_HASH, 4, 0, NAMED_BTF.lock.valueSize), types: "lock" },
  locked2: { ...def(T.BPF_MAP_TYPE_HASH, 4, 0, NAMED_BTF.lock.valueSize), types: "lock" },
};

/** The objects of one kernel that maps hold, each opened when it is first named. They live as long as a family is compared. */
export class Objects {
  readonly #side: Side;
  readonly #fds: Map<string, number> = new Map();
  #kernelTypes: Btf | undefined;

  constructor(side: Side) {
    this.#side = side;
  }

  /** @param self fd of the map that is compared */
  fd(name: ObjectName, self: number): number {
    if (name === "self") return self;
    if (name === "closed") return CLOSED_FD;
    if (name === "none") return -1;
    return this.#open(name, () => {
      const [kind, what] = name.split(":") as [string, string];
      if (kind === "p") return this.#prog(what as ProgName);
      if (kind === "m") return this.#map(what as MapName);
      const fd = this.#side.open(what as FileKind);
      if (fd < 0) throw new Error(`${this.#side.name}: ${what} can't be opened: ${fd}`);
      return fd;
    });
  }

  /** fd of a BTF. */
  btf(name: BtfName): number {
    return this.#open(`btf:${name}`, () => this.#side.bpf.btfLoad(NAMED_BTF[name].data).fd);
  }

  /** fd of the kernel's own BTF: the first that there was. */
  kernelBtf(): number {
    return this.#open("kernel BTF", () => this.#side.bpf.getFdById("btf", this.#side.bpf.getNextId("btf", 0)!));
  }

  /** A struct's id in the kernel's own BTF; one that no type has if there is none of that name. */
  kernelType(name: string): number {
    this.#kernelTypes ??= Btf.parse(this.#side.bpf.kernelBtf());
    return this.#kernelTypes.findByName(name, "struct") ?? NO_SUCH_TYPE;
  }

  /** Which of `names` user space is told about by this id, or cookie. */
  nameOf(id: bigint, names: readonly ObjectName[], self: number): string {
    for (const name of names) {
      if (name === "closed" || name === "none") continue;
      const fd = this.fd(name, self);
      const own = name.startsWith("f:") ? this.#cookieOf(fd) : BigInt(this.#side.bpf.objGetInfo(fd).id);
      if (own === id) return name;
    }
    return `unknown ${id}`;
  }

  /** Closes an open file, so that the next who names it gets another one; other objects stay. */
  forget(name: ObjectName): void {
    const fd = this.#fds.get(name);
    if (fd === undefined || !name.startsWith("f:")) return;
    this.#fds.delete(name);
    this.#side.bpf.close(fd);
  }

  /** Forgets all files: maps whose kernel frees them later would still hold them. */
  forgetFiles(): void {
    for (const name of [...this.#fds.keys()]) this.forget(name as ObjectName);
  }

  #cookieOf(fd: number): bigint {
    return this.#side.cookie(fd);
  }

  close(): void {
    for (const fd of this.#fds.values()) this.#side.bpf.close(fd);
    this.#fds.clear();
  }

  #open(name: string, make: () => number): number {
    const known = this.#fds.get(name);
    if (known !== undefined) return known;
    const fd = make();
    this.#fds.set(name, fd);
    return fd;
  }

  #prog(name: ProgName): number {
    const { type: progType, attach: expectedAttachType } = PROGS[name];
    const insns = encode(assembleKernel("r0 = 1\nexit"));
    return this.#side.bpf.progLoad({ progType, expectedAttachType, insns, license: "GPL" }).fd;
  }

  #map(name: MapName): number {
    const { types, template, ...attr } = MAPS[name];
    return this.#side.bpf.mapCreate({
      ...attr,
      ...(types === undefined ? {} : { btf: { ...NAMED_BTF[types], btfFd: this.btf(types) } }),
      ...(template === undefined ? {} : { innerMapFd: this.fd(`m:${template}`, -1) }),
    });
  }
}
