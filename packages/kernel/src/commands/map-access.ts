import { EINVAL, EPERM } from "@bpf-ts/uapi/errno";
import { errnoName } from "@bpf-ts/uapi/errno-names";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import type { MapObject } from "../objects/map-object.ts";
import type { Process } from "../process/process.ts";
import { mapFile } from "./files.ts";

/** What user space wants to do with a map. */
type Wish = "read" | "write";

/** The map of an fd that allows what is wished. @throws KernelError EBADF, EINVAL, EPERM */
export function openMap(process: Process, fd: number, wishes: readonly Wish[]): MapObject {
  const file = mapFile(process, fd);
  const { map } = file;
  for (const wish of wishes) {
    if (wish === "read" && !file.canRead) throw new KernelError(EPERM, `map fd ${fd} is not open for reading`);
    if (wish === "write" && !file.canWrite) throw new KernelError(EPERM, `map fd ${fd} is not open for writing`);
    if (wish === "write" && map.frozen) throw new KernelError(EPERM, `map ${map.id} (${map.name}) is frozen`);
  }
  return map;
}

/** @throws KernelError EINVAL */
export function checkLength(map: MapObject, what: string, got: number, expected: number): void {
  if (got !== expected) {
    throw new KernelError(EINVAL, `map ${map.id} (${map.name}): ${what} of ${got} bytes, expected ${expected}`, {
      details: { what, got, expected },
    });
  }
}

/** A map operation's result as an error. @throws KernelError */
export function check(
  map: MapObject,
  operation: string,
  result: number,
  details?: Readonly<Record<string, unknown>>,
): void {
  if (result >= 0) return;
  const message = `map ${map.id} (${map.name}): ${operation}: ${errnoName(-result)}`;
  throw new KernelError(-result, message, details === undefined ? {} : { details });
}

/**
 * Does `use` with the addresses of copies of `parts` (zeros for a number: a length). Keys of types that have none (queues, stacks) are empty.
 *
 * @throws MemoryError ENOMEM
 */
export function withBytes<T>(
  machine: Machine,
  parts: readonly (Uint8Array | number)[],
  use: (...addrs: number[]) => T,
  addrs: number[] = [],
): T {
  const [part, ...rest] = parts;
  if (part === undefined) return use(...addrs);
  const size = typeof part === "number" ? part : part.length;
  return machine.scratch.with(size, (addr) => {
    if (typeof part !== "number") machine.memory.u8.set(part, addr);
    return withBytes(machine, rest, use, [...addrs, addr]);
  });
}
