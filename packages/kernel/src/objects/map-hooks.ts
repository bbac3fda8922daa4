import type { MapHooks } from "@bpf-ts/maps";
import { EBADF } from "@bpf-ts/uapi/errno";
import { BPF_MAP_TYPE_CPUMAP, BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH } from "@bpf-ts/uapi/map-types";
import type { Machine } from "../machine.ts";
import { putProgram, redirectProgram } from "./map-values/programs.ts";
import { MAP_VALUES } from "./map-values/table.ts";

/** The one network device: loopback. */
const LOOPBACK_IFINDEX = 1;
const REDIRECT_TYPES: readonly number[] = [BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_CPUMAP];

/** How maps of objects get at what an fd of the calling process names. */
export function mapHooks(machine: Machine): MapHooks {
  return {
    getValue(map, fd) {
      const file = machine.current.fds.get(fd);
      if (file === undefined) return -EBADF;
      return MAP_VALUES[map.def.type]?.get(machine, map, file) ?? -EBADF;
    },
    putValue(map, value) {
      if (REDIRECT_TYPES.includes(map.def.type)) putProgram(value);
      else MAP_VALUES[map.def.type]?.put?.(machine, map, value);
    },
    getProgram: (map, fd) => redirectProgram(machine, map, fd),
    hasDevice: (ifindex) => ifindex === LOOPBACK_IFINDEX,
  };
}
