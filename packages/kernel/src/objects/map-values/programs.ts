import type { BpfMap, FdValue } from "@bpf-ts/maps";
import { BPF_XDP_CPUMAP, BPF_XDP_DEVMAP } from "@bpf-ts/uapi/attach-types";
import { EBADF, EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_MAP_TYPE_CPUMAP } from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_XDP } from "@bpf-ts/uapi/prog-types";
import type { Machine } from "../../machine.ts";
import { ProgFile } from "../../process/open-files.ts";
import { ProgObject } from "../prog-object.ts";
import type { MapValues } from "./values.ts";

/** Programs to tail-call. @see v6.18 kernel/bpf/arraymap.c, prog_fd_array_get_ptr */
export const tailCallTargets: MapValues = {
  get(machine, map, file) {
    if (!(file instanceof ProgFile)) return -EINVAL;
    const { prog } = file;
    if (machine.objects.mapByHandle(map.handle)?.acceptsTailCallTo(prog) !== true) return -EINVAL;
    return referenceTo(prog);
  },
  put: (_machine, _map, value) => putProgram(value),
};

/**
 * The XDP program of an element of a device or CPU map.
 *
 * @see v6.18 kernel/bpf/devmap.c, __dev_map_alloc_node; kernel/bpf/cpumap.c, __cpu_map_load_bpf_program
 */
export function redirectProgram(machine: Machine, map: BpfMap, fd: number): FdValue | number {
  const file = machine.current.fds.get(fd);
  if (file === undefined) return -EBADF;
  if (!(file instanceof ProgFile)) return -EINVAL;
  const { prog } = file;
  const wanted = map.def.type === BPF_MAP_TYPE_CPUMAP ? BPF_XDP_CPUMAP : BPF_XDP_DEVMAP;
  if (prog.progType !== BPF_PROG_TYPE_XDP || prog.expectedAttachType !== wanted) return -EINVAL;
  return referenceTo(prog);
}

/** Gives back the reference of a program that an element held. */
export function putProgram({ object }: FdValue): void {
  if (object instanceof ProgObject) object.putRef();
}

function referenceTo(prog: ProgObject): FdValue {
  prog.getRef();
  return { id: prog.id, handle: 0, object: prog };
}
