import type { StructOpsType } from "@bpf-ts/maps";
import type { MapCreateAttr } from "@bpf-ts/uapi";
import { EBADF, EINVAL, ENOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_F_RDONLY, BPF_F_VTYPE_BTF_OBJ_FD, BPF_F_WRONLY } from "@bpf-ts/uapi/map-flags";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import { InnerTemplate } from "../objects/inner-template.ts";
import { MapObject } from "../objects/map-object.ts";
import { type MapTypes, mapTypes } from "../objects/map-types.ts";
import { structOpsType } from "../objects/struct-ops/struct-ops-type.ts";
import { MapFile } from "../process/open-files.ts";
import type { Process } from "../process/process.ts";
import { btfOf, mapFile } from "./files.ts";

/** BPF_MAP_CREATE. @throws KernelError, MapError */
export function mapCreate(machine: Machine, process: Process, attr: MapCreateAttr): number {
  const found = typesOf(machine, process, attr);
  const types = found instanceof KernelError ? undefined : found;
  let template: MapObject | undefined;
  const map = machine.maps.create(attr, {
    ...(types === undefined ? {} : { record: types.record }),
    btf: {
      keyTypeId: attr.btf?.keyTypeId ?? 0,
      valueTypeId: attr.btf?.valueTypeId ?? 0,
      vmlinuxValueTypeId: attr.btfVmlinuxValueTypeId ?? 0,
    },
    inner: () => {
      try {
        template = mapFile(process, attr.innerMapFd ?? 0).map;
        return template.map;
      } catch (error) {
        if (error instanceof KernelError) return -error.errno;
        throw error;
      }
    },
    structOps: () => structOpsOf(machine, process, attr),
  });
  try {
    if (found instanceof KernelError) throw found;
    // The kernel asks for an fd last. Known before anything is entered anywhere, so that there is nothing more to undo.
    process.fds.reserve();
  } catch (error) {
    map.close();
    throw error;
  }
  const inner = template === undefined ? undefined : new InnerTemplate(template);
  const object = new MapObject(map, types, inner, (gone, free) => {
    machine.objects.removeMap(gone);
    machine.whenIdle(() => {
      machine.objects.forgetMap(gone);
      free();
    });
  });
  machine.objects.addMap(object);
  return process.fds.install(
    new MapFile(object, {
      canRead: (attr.mapFlags & BPF_F_WRONLY) === 0,
      canWrite: (attr.mapFlags & BPF_F_RDONLY) === 0,
    }),
  );
}

/** The structure that a struct_ops map is for. There are no modules, which could have some of their own. */
function structOpsOf(machine: Machine, process: Process, attr: MapCreateAttr): StructOpsType | number {
  if ((attr.mapFlags & BPF_F_VTYPE_BTF_OBJ_FD) === 0)
    return structOpsType(machine, attr.btfVmlinuxValueTypeId ?? 0) ?? -ENOTSUPP;
  return process.fds.get(attr.valueTypeBtfObjFd ?? 0) === undefined ? -EBADF : -EINVAL;
}

/**
 * The types that a map is to have. What is wrong with them shows only once the map could be made: the kernel looks at them last.
 *
 * @returns undefined where no types are given; the error where they do not fit
 */
function typesOf(machine: Machine, process: Process, attr: MapCreateAttr): MapTypes | KernelError | undefined {
  const { btf, btfVmlinuxValueTypeId = 0 } = attr;
  const isTyped = btf !== undefined && (btf.keyTypeId !== 0 || btf.valueTypeId !== 0);
  if (!isTyped && btfVmlinuxValueTypeId === 0) return undefined;
  try {
    const object = btfOf(process, btf?.btfFd ?? 0);
    return mapTypes(machine, { ...attr, btf: btf ?? { btfFd: 0, keyTypeId: 0, valueTypeId: 0 } }, object);
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
}
