import type { MapCreateAttr } from "@bpf-ts/uapi";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_F_RDONLY, BPF_F_WRONLY } from "@bpf-ts/uapi/map-flags";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import { InnerTemplate } from "../objects/inner-template.ts";
import { MapObject, type MapTypes } from "../objects/map-object.ts";
import { MapFile } from "../process/open-files.ts";
import type { Process } from "../process/process.ts";
import { btfOf, mapFile } from "./files.ts";
import { checkObjectName } from "./object-name.ts";

/** BPF_MAP_CREATE. @throws KernelError, MapError */
export function mapCreate(machine: Machine, process: Process, attr: MapCreateAttr): number {
  checkObjectName(attr.name);
  const types = typesOf(process, attr);
  // Found out before anything is made, so that there is nothing to undo.
  process.fds.reserve();
  let template: MapObject | undefined;
  const map = machine.maps.create(attr, {
    ...(types === undefined ? {} : { btf: { keyTypeId: types.keyTypeId, valueTypeId: types.valueTypeId } }),
    inner: () => {
      try {
        template = mapFile(process, attr.innerMapFd ?? 0).map;
        return template.map;
      } catch (error) {
        if (error instanceof KernelError) return -error.errno;
        throw error;
      }
    },
  });
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

/** The BTF that the map's key and value are described by. @see v6.18 kernel/bpf/syscall.c, map_create, map_check_btf */
function typesOf(process: Process, attr: MapCreateAttr): MapTypes | undefined {
  if (attr.btf === undefined) return undefined;
  const { btfFd, keyTypeId, valueTypeId } = attr.btf;
  if (keyTypeId === 0 && valueTypeId === 0) return undefined;
  const object = btfOf(process, btfFd);
  const sizeOf = (id: number, what: string): number => {
    try {
      return object.btf.sizeOf(id);
    } catch (cause) {
      throw new KernelError(EINVAL, `map ${attr.name}: BTF type ${id} of the ${what} has no size`, { cause });
    }
  };
  if (keyTypeId !== 0 && sizeOf(keyTypeId, "key") !== attr.keySize) {
    throw new KernelError(
      EINVAL,
      `map ${attr.name}: BTF type of the key has ${sizeOf(keyTypeId, "key")} bytes, key_size is ${attr.keySize}`,
    );
  }
  if (sizeOf(valueTypeId, "value") !== attr.valueSize) {
    throw new KernelError(
      EINVAL,
      `map ${attr.name}: BTF type of the value has ${sizeOf(valueTypeId, "value")} bytes, value_size is ${attr.valueSize}`,
    );
  }
  return { object, keyTypeId, valueTypeId };
}
