import type { BpfMap, FdValue, MapHooks } from "@bpf-ts/maps";
import { EBADF, EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS, BPF_MAP_TYPE_PROG_ARRAY } from "@bpf-ts/uapi/map-types";
import type { Machine } from "../machine.ts";
import { MapFile, ProgFile } from "../process/open-files.ts";
import { MapObject } from "./map-object.ts";
import { ProgObject } from "./prog-object.ts";

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

  /** Whether it is like the template is what the outer map looks at itself. */
  function mapFor(fd: number): FdValue | number {
    const file = machine.current.fds.get(fd);
    if (file === undefined) return -EBADF;
    if (!(file instanceof MapFile)) return -EINVAL;
    const { map } = file;
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
          return mapFor(fd);
        default:
          return -EBADF;
      }
    },
    putValue(_map, value) {
      if (value.object instanceof ProgObject || value.object instanceof MapObject) value.object.putRef();
    },
  };
}
