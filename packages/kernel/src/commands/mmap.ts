import { type MappedMemory, UnsupportedError } from "@bpf-ts/uapi";
import { EACCES, EINVAL, ENOTSUPP, EPERM } from "@bpf-ts/uapi/errno";
import { BPF_F_RDONLY_PROG } from "@bpf-ts/uapi/map-flags";
import { BPF_MAP_TYPE_ARENA, BPF_MAP_TYPE_ARRAY } from "@bpf-ts/uapi/map-types";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import type { MapObject } from "../objects/map-object.ts";
import { MappedRange } from "../process/mapped-range.ts";
import { OutputEventFile } from "../process/open-files.ts";
import type { Process } from "../process/process.ts";
import { mapFile } from "./files.ts";

const PAGE_SIZE = 4096;

/**
 * mmap(2) of a map's values, of a ring buffer's pages, or of a perf event's. Writes through it are not seen by tracers, as in Linux.
 *
 * @throws KernelError EBADF, EACCES, EINVAL, ENOTSUPP, EPERM
 * @see v6.18 kernel/bpf/syscall.c, bpf_map_mmap; kernel/bpf/ringbuf.c, ringbuf_map_mmap_kern, ringbuf_map_mmap_user
 */
export function mapMemory(
  machine: Machine,
  process: Process,
  fd: number,
  length: number,
  offset: number,
  writable: boolean,
): MappedMemory {
  if (!(length > 0) || !(offset >= 0) || offset % PAGE_SIZE !== 0)
    throw new KernelError(EINVAL, `mapping of ${length} bytes at ${offset}: pages begin at multiples of ${PAGE_SIZE}`);
  const open = process.fds.get(fd);
  if (open instanceof OutputEventFile) {
    if (!writable) throw new UnsupportedError("perf buffers that overwrite what was not read");
    return open.event.map(length, offset);
  }
  const file = mapFile(process, fd);
  const { map } = file;
  if (map.def.type === BPF_MAP_TYPE_ARENA) checkArenaAddress(map, offset);
  if (!file.canRead) throw new KernelError(EACCES, `map fd ${fd} is not open for reading`);
  if (writable && !file.canWrite) throw new KernelError(EACCES, `map fd ${fd} is not open for writing`);
  const range = map.map.mappable();
  const isMappable = range !== undefined || map.def.type === BPF_MAP_TYPE_ARRAY;
  if (map.map.record.length > 0)
    throw new KernelError(ENOTSUPP, `${map.describe()} cannot be mapped: its values have fields of the kernel's`);
  if (!isMappable)
    throw new KernelError(ENOTSUPP, `${map.describe()} cannot be mapped: only arrays and ring buffers can`);
  // mmap(2) itself makes a mapping of a file that is not open for writing a private one.
  if (!file.canWrite) throw new KernelError(EINVAL, `map fd ${fd} is open for reading only: it can't be shared`);
  if (writable && map.frozen) throw new KernelError(EPERM, `${map.describe()} is frozen`);
  if (writable && (map.def.mapFlags & BPF_F_RDONLY_PROG) !== 0)
    throw new KernelError(
      EACCES,
      `${map.describe()} has BPF_F_RDONLY_PROG: what programs take for constant can't be mapped writable`,
    );
  if (range === undefined)
    throw new KernelError(EINVAL, `${map.describe()} cannot be mapped: create it with BPF_F_MMAPABLE`);
  const size = Math.ceil(length / PAGE_SIZE) * PAGE_SIZE;
  if (writable && range.mayWrite?.(offset, size) === false)
    throw new KernelError(EPERM, `${map.describe()}: ${length} bytes at ${offset} are not user space's to write`);
  if (offset + size > range.size)
    throw new KernelError(EINVAL, `mapping of ${length} bytes at ${offset}: ${map.describe()} has ${range.size}`);
  map.getUserRef();
  map.wasMapped = true;
  if (writable) map.writers++;
  return new MappedRange(machine.memory, range.address + offset, length, writable, () => {
    // Linux does not see that an arena is mapped no longer.
    if (writable && map.def.type !== BPF_MAP_TYPE_ARENA) map.writers--;
    map.putUserRef();
  });
}

/**
 * An arena is mapped once, from its first page on, where user space has not said where it wants it: whoever maps it again must name the same address,
 * and addresses are not what this call takes.
 *
 * @see v6.18 kernel/bpf/arena.c, arena_get_unmapped_area
 */
function checkArenaAddress(map: MapObject, offset: number): void {
  if (offset !== 0) throw new KernelError(EINVAL, `${map.describe()}: an arena is mapped from its first page on`);
  if (map.wasMapped || (map.def.mapExtra ?? 0n) !== 0n)
    throw new KernelError(EINVAL, `${map.describe()}: this arena has its address in user space already`);
}
