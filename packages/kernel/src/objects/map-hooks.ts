import type { BpfMap, FdValue, MapHooks } from "@bpf-ts/maps";
import { EBADF, EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_F_INNER_MAP } from "@bpf-ts/uapi/map-flags";
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_PROG_ARRAY,
} from "@bpf-ts/uapi/map-types";
import type { Machine } from "../machine.ts";
import { MapFile, ProgFile } from "../process/open-files.ts";
import { MapObject } from "./map-object.ts";
import { ProgObject } from "./prog-object.ts";

/** Whether an inner map is like the template of the map that it is to go into. @see v6.18 kernel/bpf/map_in_map.c, bpf_map_meta_equal */
function fitsTemplate(template: NonNullable<BpfMap["inner"]>, inner: BpfMap): boolean {
  const { def } = inner;
  if (template.type !== def.type || template.keySize !== def.keySize || template.mapFlags !== def.mapFlags)
    return false;
  if (template.valueSize !== def.valueSize) return false;
  // Arrays of different lengths only where the template says so: programs have its length inlined.
  const freeLength = (def.mapFlags & BPF_F_INNER_MAP) !== 0;
  return def.type !== BPF_MAP_TYPE_ARRAY || freeLength || template.maxEntries === def.maxEntries;
}

/**
 * How maps of programs and of maps get at what an fd of the calling process names.
 *
 * @see v6.18 kernel/bpf/arraymap.c, prog_fd_array_get_ptr; kernel/bpf/map_in_map.c, bpf_map_fd_get_ptr
 */
export function mapHooks(machine: Machine): MapHooks {
  function programFor(map: BpfMap, fd: number): FdValue | number {
    const file = machine.current.fds.get(fd);
    if (file === undefined) return -EBADF;
    if (!(file instanceof ProgFile)) return -EINVAL;
    const { prog } = file;
    if (machine.objects.mapByHandle(map.handle)?.acceptsTailCallTo(prog) !== true) return -EINVAL;
    prog.getRef();
    return { id: prog.id, handle: 0, object: prog };
  }

  function mapFor(outer: BpfMap, fd: number): FdValue | number {
    const file = machine.current.fds.get(fd);
    if (file === undefined) return -EBADF;
    if (!(file instanceof MapFile)) return -EINVAL;
    const { map } = file;
    if (outer.inner === undefined || !fitsTemplate(outer.inner, map.map)) return -EINVAL;
    map.getRef();
    return { id: map.id, handle: map.handle, object: map };
  }

  return {
    getValue(map, fd) {
      switch (map.def.type) {
        case BPF_MAP_TYPE_PROG_ARRAY:
          return programFor(map, fd);
        case BPF_MAP_TYPE_ARRAY_OF_MAPS:
        case BPF_MAP_TYPE_HASH_OF_MAPS:
          return mapFor(map, fd);
        default:
          return -EBADF;
      }
    },
    putValue(_map, value) {
      if (value.object instanceof ProgObject || value.object instanceof MapObject) value.object.putRef();
    },
  };
}
