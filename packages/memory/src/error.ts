import { BpfError, type BpfErrorOptions } from "@bpf-ts/uapi";

/**
 * What can go wrong with a machine's memory, by `code`:
 * - `ENOMEM` (errno 12): the configured limit, or the host, leaves no room for a block.
 * - `EFAULT` (errno 14): an access through {@link Memory.read} or {@link Memory.write} that no live region covers.
 * - `EINVAL` (errno 22): sizes, alignments or limits that no machine can have.
 * - `RED_ZONE`: somebody wrote beside a block; only with the `redZone` option.
 */
export class MemoryError extends BpfError {
  override readonly name: string = "MemoryError";

  constructor(message: string, options: BpfErrorOptions) {
    super(message, options);
  }
}

/** `0x0001a040`: how addresses are printed everywhere. */
export function hex(address: number): string {
  return `0x${(address >>> 0).toString(16).padStart(8, "0")}`;
}
