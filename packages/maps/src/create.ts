import { MemoryError } from "@bpf-ts/memory";
import { type MapDef, UnsupportedError } from "@bpf-ts/uapi";
import { EINVAL, ENOMEM } from "@bpf-ts/uapi/errno";
import { BPF_F_RDONLY, BPF_F_TOKEN_FD, BPF_F_WRONLY } from "@bpf-ts/uapi/map-flags";
import { BPF_MAP_TYPE_ARENA, BPF_MAP_TYPE_BLOOM_FILTER, BPF_MAP_TYPE_STRUCT_OPS } from "@bpf-ts/uapi/map-types";
import { mapTypeName } from "@bpf-ts/uapi/names";
import { MapError, mapError } from "./error.ts";
import type { BpfMap } from "./map.ts";
import type { MapTable } from "./map-table.ts";
import { numaNodeOf } from "./numa.ts";
import type { SpecialField } from "./record.ts";
import { mapTypeOf } from "./types/table.ts";

/** What a map needs besides its definition. */
export interface CreateOptions {
  /** Instead of the table's next random number. `BPF_F_ZERO_SEED` overrules it. */
  hashSeed?: number;
  /** Special fields of the value, from its BTF. */
  record?: readonly SpecialField[];
  /** For maps of maps: the template, or a negative errno (its fd is bad); asked when Linux would look at the fd. */
  inner?: () => BpfMap | number;
  /** BTF ids that came with the definition: some types want them. */
  btf?: { keyTypeId: number; valueTypeId: number; vmlinuxValueTypeId?: number };
  /** For `BPF_MAP_TYPE_STRUCT_OPS`: what the kernel's BTF says about the value type, or a negative errno. */
  structOps?: () => StructOpsType | number;
}

/** A kernel structure that struct_ops maps may implement. */
export interface StructOpsType {
  /** Size of `struct bpf_struct_ops_<name>`, bytes. */
  readonly valueSize: number;
  /** From the value's start to the structure itself, bytes. */
  readonly dataOffset: number;
  /** Checks an update's value whatever the map's state: 0 or a negative errno. */
  check?(map: BpfMap, value: number): number;
  /** Checks an update's value and replaces program fds by ids in it: 0, a negative errno, or 1 for an update that changes nothing and is no error. */
  init(map: BpfMap, value: number): number;
  /** Makes the structure known to its subsystem: 0 or a negative errno. Not for maps with `BPF_F_LINK`. */
  register?(map: BpfMap): number;
  /** Takes it back. */
  unregister?(map: BpfMap): void;
  /** The references of {@link init} are dropped. */
  release?(map: BpfMap): void;
}

/**
 * Makes a map in a table: the checks that are common to all types, in the kernel's order.
 *
 * @see v6.18 kernel/bpf/syscall.c, map_create
 */
export function createIn(table: MapTable, def: MapDef, options: CreateOptions): BpfMap {
  const refuse = (errno: number, why: string): MapError => mapError(errno, `${describe(def)}: ${why}`, { def });
  const { btf } = options;
  if (btf !== undefined) {
    if (btf.vmlinuxValueTypeId) {
      if (def.type !== BPF_MAP_TYPE_STRUCT_OPS || btf.keyTypeId !== 0 || btf.valueTypeId !== 0) {
        throw refuse(EINVAL, "a value type of the kernel's BTF is for struct_ops maps alone");
      }
    } else if (btf.keyTypeId !== 0 && btf.valueTypeId === 0) {
      throw refuse(EINVAL, "BTF for the key but not for the value");
    }
  }
  const extra = def.mapExtra ?? 0n;
  if (extra !== 0n && def.type !== BPF_MAP_TYPE_BLOOM_FILTER && def.type !== BPF_MAP_TYPE_ARENA) {
    throw refuse(EINVAL, "map_extra must be 0");
  }
  if ((def.mapFlags & BPF_F_RDONLY) !== 0 && (def.mapFlags & BPF_F_WRONLY) !== 0) {
    throw refuse(EINVAL, "BPF_F_RDONLY and BPF_F_WRONLY exclude each other");
  }
  const node = numaNodeOf(def);
  if (node !== -1 && node >>> 0 >= table.facts.numaNodes) throw refuse(EINVAL, `no NUMA node ${node >>> 0}`);
  const type = mapTypeOf(def.type);
  if (type === undefined) throw refuse(EINVAL, "unknown map type");
  // The types' own checks do not see this flag; what it asks for comes after them.
  const plain = { ...def, mapFlags: (def.mapFlags & ~BPF_F_TOKEN_FD) >>> 0 };
  const errno = type.check(plain, table.facts, options);
  if (errno !== 0) throw refuse(-errno, "these sizes or flags are not allowed");
  if (plain.mapFlags !== def.mapFlags >>> 0) throw new UnsupportedError("BPF token");
  let map: BpfMap | number;
  try {
    map = type.create(table, def, options);
  } catch (error) {
    if (error instanceof MemoryError && error.code === "ENOMEM") {
      throw new MapError(`${describe(def)}: ${error.message}`, {
        code: "ENOMEM",
        errno: ENOMEM,
        details: { def },
        cause: error,
      });
    }
    throw error;
  }
  if (typeof map === "number") throw refuse(-map, "the map can't be made");
  if (!isObjectName(def.name)) {
    map.close();
    throw refuse(EINVAL, "a name has at most 15 of [A-Za-z0-9_.]");
  }
  return map;
}

function isObjectName(name: string): boolean {
  return /^[A-Za-z0-9_.]{0,15}$/.test(name);
}

function describe(def: MapDef): string {
  const flags = def.mapFlags === 0 ? "" : `, flags 0x${(def.mapFlags >>> 0).toString(16)}`;
  const name = def.name === "" ? "" : ` '${def.name}'`;
  return `${mapTypeName(def.type)} map${name} (key ${def.keySize}, value ${def.valueSize}, ${def.maxEntries} entries${flags})`;
}
