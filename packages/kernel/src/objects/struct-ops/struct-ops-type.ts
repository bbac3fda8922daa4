import type { Btf } from "@bpf-ts/btf";
import type { StructOpsType } from "@bpf-ts/maps";
import { EBADF, EINVAL } from "@bpf-ts/uapi/errno";
import type { Machine } from "../../machine.ts";
import { INIT_MEMBER, type InitMember } from "./table.ts";

const VALUE_PREFIX = "bpf_struct_ops_";

/**
 * What a struct_ops map's value is, by the type's id in the kernel's BTF.
 *
 * @returns undefined if that is no value of such a map
 * @see v6.18 kernel/bpf/bpf_struct_ops.c, bpf_struct_ops_find_value
 */
export function structOpsType(machine: Machine, valueTypeId: number): StructOpsType | undefined {
  const btf = machine.kernelBtf;
  if (valueTypeId >= btf.typeCount || btf.kindOf(valueTypeId) !== "struct") return undefined;
  const name = btf.nameOf(valueTypeId);
  const initMember = name.startsWith(VALUE_PREFIX) ? INIT_MEMBER[name.slice(VALUE_PREFIX.length)] : undefined;
  if (initMember === undefined) return undefined;
  const data = members(btf, valueTypeId).find((member) => member.name === "data")!;
  const [valueSize, dataOffset] = [btf.sizeOf(valueTypeId), data.offset];
  return {
    valueSize,
    dataOffset,
    check(map, value) {
      const bytes = map.table.memory.u8.slice(value, value + valueSize);
      const inner = bytes.subarray(dataOffset, dataOffset + data.size);
      return hasZeroHoles(btf, valueTypeId, bytes) && hasZeroHoles(btf, data.typeId, inner) ? 0 : -EINVAL;
    },
    init: (map, value) =>
      initMembers(
        machine,
        initMember,
        data.typeId,
        map.table.memory.u8.slice(value + dataOffset, value + dataOffset + data.size),
      ),
  };
}

/** @see v6.18 kernel/bpf/bpf_struct_ops.c, bpf_struct_ops_map_update_elem */
function initMembers(machine: Machine, initMember: InitMember, typeId: number, value: Uint8Array): number {
  const btf = machine.kernelBtf;
  let last = 0;
  for (const { name, offset, size, typeId: memberType } of members(btf, typeId)) {
    const bytes = value.subarray(offset, offset + size);
    const isZero = bytes.every((byte) => byte === 0);
    const target = pointee(btf, memberType);
    if (target !== undefined && btf.nameOf(target) === "module") {
      // Linux ends here with what the member before it came to, and that is no error.
      if (!isZero) return last;
      continue;
    }
    last = initMember(name, bytes);
    if (last < 0) return last;
    if (last > 0) continue;
    if (target === undefined || btf.kindOf(target) !== "func_proto") {
      if (!isZero) return -EINVAL;
      continue;
    }
    const fd = new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
    if (fd === 0) continue;
    // Programs of this type are not loaded yet, so what is behind the fd is none.
    return machine.current.fds.get(fd) === undefined ? -EBADF : -EINVAL;
  }
  // No structure here does without functions. @see v6.18 net/ipv4/tcp_cong.c, tcp_validate_congestion_control
  return -EINVAL;
}

interface Member {
  readonly name: string;
  readonly typeId: number;
  /** Bytes. */
  readonly offset: number;
  readonly size: number;
}

function members(btf: Btf, structId: number): Member[] {
  return Array.from({ length: btf.vlenOf(structId) }, (_, i) => {
    const typeId = btf.memberTypeOf(structId, i);
    return {
      name: btf.memberNameOf(structId, i),
      typeId,
      offset: btf.memberBitOffsetOf(structId, i) / 8,
      size: btf.sizeOf(typeId),
    };
  });
}

/** What a pointer points to; undefined for other types. */
function pointee(btf: Btf, typeId: number): number | undefined {
  const id = btf.resolve(typeId);
  return btf.kindOf(id) === "ptr" ? btf.resolve(btf.sizeOrTypeOf(id)) : undefined;
}

/** Whether all bytes between the members, and behind the last, are zero. @see v6.18 kernel/bpf/bpf_struct_ops.c, check_zero_holes */
function hasZeroHoles(btf: Btf, structId: number, bytes: Uint8Array): boolean {
  let end = 0;
  for (const { offset, size } of members(btf, structId)) {
    if (bytes.subarray(end, offset).some((byte) => byte !== 0)) return false;
    end = offset + size;
  }
  return !bytes.subarray(end).some((byte) => byte !== 0);
}
