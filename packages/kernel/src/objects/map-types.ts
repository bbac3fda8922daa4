import { type BtfField, type FieldKind, MAP_FIELDS, specialFields } from "@bpf-ts/btf";
import { type MapCreateAttr, UnsupportedError } from "@bpf-ts/uapi";
import { EACCES, EINVAL, ENOTSUPP, EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG } from "@bpf-ts/uapi/map-flags";
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_CGROUP_STORAGE,
  BPF_MAP_TYPE_CGRP_STORAGE,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_INODE_STORAGE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_SK_STORAGE,
  BPF_MAP_TYPE_TASK_STORAGE,
} from "@bpf-ts/uapi/map-types";
import { mapTypeName } from "@bpf-ts/uapi/names";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import type { BtfObject } from "./btf-object.ts";
import { checkKeyType, takesAnyKeyType } from "./map-key-types.ts";

/** The BTF that describes a map's key and value, and the value's fields that belong to the kernel. */
export interface MapTypes {
  readonly object: BtfObject;
  readonly keyTypeId: number;
  readonly valueTypeId: number;
  /** Of struct_ops maps: the value's type in the kernel's BTF. */
  readonly vmlinuxValueTypeId: number;
  readonly record: readonly BtfField[];
}

/** Structs of the kernel that it can destroy: what a `kptr` may own. @see v6.18 kernel/bpf/helpers.c, generic_dtors; cpumask.c; crypto.c */
const DESTRUCTIBLE: readonly string[] = ["task_struct", "cgroup", "bpf_cpumask", "bpf_crypto_ctx"];

const STORAGE: readonly number[] = [
  BPF_MAP_TYPE_SK_STORAGE,
  BPF_MAP_TYPE_INODE_STORAGE,
  BPF_MAP_TYPE_TASK_STORAGE,
  BPF_MAP_TYPE_CGRP_STORAGE,
];
const WITH_LOCKS: readonly number[] = [BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_CGROUP_STORAGE, ...STORAGE];
const WITH_CALLBACKS: readonly number[] = [BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_ARRAY];
const WITH_POINTERS: readonly number[] = [
  ...WITH_CALLBACKS,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  ...STORAGE,
];

/** In which map types each kind of field may be. @see v6.18 kernel/bpf/syscall.c, map_check_btf */
const MAPS_WITH: Readonly<Record<FieldKind, readonly number[]>> = {
  spin_lock: WITH_LOCKS,
  res_spin_lock: WITH_LOCKS,
  timer: WITH_CALLBACKS,
  wq: WITH_CALLBACKS,
  task_work: WITH_CALLBACKS,
  kptr_unref: WITH_POINTERS,
  kptr_ref: WITH_POINTERS,
  kptr_percpu: WITH_POINTERS,
  refcount: WITH_POINTERS,
  uptr: [BPF_MAP_TYPE_TASK_STORAGE],
  list_head: WITH_CALLBACKS,
  rb_root: WITH_CALLBACKS,
  list_node: [],
  rb_node: [],
};

/**
 * Whether BTF types fit a map.
 *
 * @throws KernelError EINVAL, EACCES, EOPNOTSUPP, ENOTSUPP; UnsupportedError
 * @see v6.18 kernel/bpf/syscall.c, map_create, map_check_btf
 */
export function mapTypes(machine: Machine, attr: MapCreateAttr, object: BtfObject): MapTypes {
  const { keyTypeId, valueTypeId } = attr.btf!;
  const vmlinuxValueTypeId = attr.btfVmlinuxValueTypeId ?? 0;
  if (object.isKernel) throw refused(attr, EACCES, "the kernel's own BTF can't describe maps");
  if (valueTypeId === 0) return { object, keyTypeId, valueTypeId, vmlinuxValueTypeId, record: [] };
  const key = keyTypeId === 0 ? undefined : sized(object, keyTypeId);
  if (keyTypeId !== 0 && key?.size !== attr.keySize)
    throw refused(attr, EINVAL, `BTF type ${keyTypeId} of the key: ${sizeText(key)}, key_size is ${attr.keySize}`);
  if (keyTypeId === 0 && takesAnyKeyType(attr.type))
    throw refused(attr, EINVAL, "BTF for the value but not for the key");
  const value = sized(object, valueTypeId);
  if (value?.size !== attr.valueSize)
    throw refused(
      attr,
      EINVAL,
      `BTF type ${valueTypeId} of the value: ${sizeText(value)}, value_size is ${attr.valueSize}`,
    );
  const record = recordOf(machine, attr, object, value.id);
  const errno = checkKeyType(attr, object.btf, key?.id ?? 0, value.id);
  if (errno === ENOTSUPP) throw refused(attr, errno, "this type of map takes no BTF");
  if (errno !== 0) throw refused(attr, errno, `BTF type ${keyTypeId} is none for the keys of this type of map`);
  return { object, keyTypeId, valueTypeId, vmlinuxValueTypeId, record };
}

/** The value's special fields. What the kernel can't make sense of it takes for a value without any. */
function recordOf(machine: Machine, attr: MapCreateAttr, object: BtfObject, valueId: number): readonly BtfField[] {
  const found = specialFields(object.btf, valueId, MAP_FIELDS, { btf: machine.kernelBtf, destructible: DESTRUCTIBLE });
  if (typeof found === "number" || found.length === 0) return [];
  if ((attr.mapFlags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)) !== 0)
    throw refused(attr, EACCES, "programs must be able to read and write a value with special fields");
  const misplaced = found.find(({ kind }) => !MAPS_WITH[kind].includes(attr.type));
  if (misplaced !== undefined)
    throw refused(attr, EOPNOTSUPP, `a ${misplaced.kind} (offset ${misplaced.offset}) can't be in this type of map`);
  if (found.some(({ kind }) => kind === "uptr")) throw new UnsupportedError("pointers to user memory in maps (uptr)");
  return found;
}

/** A type of which values are, and how large they are; undefined for others. @see v6.18 kernel/bpf/btf.c, btf_type_id_size */
function sized({ btf }: BtfObject, typeId: number): { id: number; size: number } | undefined {
  if (typeId >= btf.typeCount) return undefined;
  const id = btf.resolve(btf.kindOf(typeId) === "var" ? btf.sizeOrTypeOf(typeId) : typeId);
  if (["void", "func", "func_proto", "fwd", "decl_tag", "var"].includes(btf.kindOf(id))) return undefined;
  return { id, size: btf.sizeOf(id) };
}

function sizeText(type: { size: number } | undefined): string {
  return type === undefined ? "it has no size" : `${type.size} bytes`;
}

function refused(attr: MapCreateAttr, errno: number, why: string): KernelError {
  return new KernelError(errno, `${mapTypeName(attr.type)} map '${attr.name}': ${why}`);
}
