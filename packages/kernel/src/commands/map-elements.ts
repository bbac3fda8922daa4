import { flags32 } from "@bpf-ts/maps";
import { EBUSY, EINVAL, ENOENT, ENOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_F_LOCK } from "@bpf-ts/uapi/map-flags";
import { BPF_MAP_TYPE_STRUCT_OPS } from "@bpf-ts/uapi/map-types";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import type { Process } from "../process/process.ts";
import { mapFile } from "./files.ts";
import { check, checkLength, openMap, withBytes } from "./map-access.ts";

/** BPF_MAP_LOOKUP_ELEM, or …_LOOKUP_AND_DELETE_ELEM. */
export function mapLookup(
  machine: Machine,
  process: Process,
  fd: number,
  key: Uint8Array,
  value: Uint8Array,
  flags: bigint,
  remove: boolean,
): void {
  if ((flags & ~BigInt(BPF_F_LOCK)) !== 0n)
    throw new KernelError(
      EINVAL,
      `look-up with flags 0x${BigInt.asUintN(64, flags).toString(16)}: only BPF_F_LOCK is allowed`,
    );
  const map = openMap(process, fd, remove ? ["read", "write"] : ["read"]);
  checkLength(map, "key", key.length, map.def.keySize);
  checkLength(map, "value", value.length, map.map.sysValueSize);
  // Bloom filters have no keys: they are asked about a value.
  withBytes(machine, [key, value], (keyAddr, valueAddr) => {
    const result = remove
      ? map.map.sysLookupAndDelete(keyAddr!, valueAddr!, flags32(flags))
      : map.map.sysLookup(keyAddr!, valueAddr!, flags32(flags));
    check(map, remove ? "lookup and delete" : "lookup", result);
    value.set(machine.memory.u8.subarray(valueAddr!, valueAddr! + value.length));
  });
}

/** BPF_MAP_UPDATE_ELEM. Probes do not run meanwhile, functions' hooks do. */
export function mapUpdate(
  machine: Machine,
  process: Process,
  fd: number,
  key: Uint8Array,
  value: Uint8Array,
  flags: bigint,
): void {
  const map = openMap(process, fd, ["write"]);
  checkLength(map, "key", key.length, map.def.keySize);
  checkLength(map, "value", value.length, map.map.sysValueSize);
  const { cpu } = process;
  machine.functions.withoutProbes(cpu, () =>
    withBytes(machine, [key, value], (keyAddr, valueAddr) => {
      const word = flags32(flags);
      const result = machine.asUpdater(mapFile(process, fd), () => map.map.sysUpdate(keyAddr!, valueAddr!, word, cpu));
      check(map, "update", result);
      // Not for PERCPU_ARRAY, whose update by user space does not pass the function.
      if (machine.mapWrites.firesOnSysUpdate(map))
        check(map, "update", machine.mapWrites.updated(map, keyAddr!, valueAddr!, word, cpu));
    }),
  );
}

/** BPF_MAP_DELETE_ELEM. */
export function mapDelete(machine: Machine, process: Process, fd: number, key: Uint8Array): void {
  const map = openMap(process, fd, ["write"]);
  checkLength(map, "key", key.length, map.def.keySize);
  const { cpu } = process;
  machine.functions.withoutProbes(cpu, () =>
    withBytes(machine, [key], (keyAddr) => {
      // The element outlives the hook: programs read the key, which may lie in it.
      machine.maps.enter();
      try {
        check(map, "delete", map.map.sysDelete(keyAddr!));
        check(map, "delete", machine.mapWrites.deleted(map, keyAddr!, cpu));
      } finally {
        machine.maps.leave();
      }
    }),
  );
}

/** BPF_MAP_GET_NEXT_KEY: false at the end. */
export function mapGetNextKey(
  machine: Machine,
  process: Process,
  fd: number,
  key: Uint8Array | null,
  nextKey: Uint8Array,
): boolean {
  const map = openMap(process, fd, ["read"]);
  if (key !== null) checkLength(map, "key", key.length, map.def.keySize);
  checkLength(map, "key", nextKey.length, map.def.keySize);
  return withBytes(machine, [key ?? 0, nextKey.length], (keyAddr, nextAddr) => {
    const result = map.map.getNextKey(key === null ? 0 : keyAddr!, nextAddr!);
    if (result === -ENOENT) return false;
    check(map, "get next key", result);
    nextKey.set(machine.memory.u8.subarray(nextAddr!, nextAddr! + nextKey.length));
    return true;
  });
}

/**
 * BPF_MAP_FREEZE. A frozen map can't be written by user space, hence not be frozen again.
 *
 * @throws KernelError ENOTSUPP, EPERM, EBUSY
 * @see v6.18 kernel/bpf/syscall.c, map_freeze
 */
export function mapFreeze(process: Process, fd: number): void {
  const file = mapFile(process, fd);
  if (file.map.def.type === BPF_MAP_TYPE_STRUCT_OPS || file.map.map.record.length > 0)
    throw new KernelError(ENOTSUPP, `${file.map.describe()} cannot be frozen: the kernel itself writes to its values`);
  const map = openMap(process, fd, ["write"]);
  if (map.writers > 0)
    throw new KernelError(EBUSY, `map ${map.id} (${map.name}) is mapped writable ${map.writers} time(s)`);
  map.frozen = true;
}
