import { BpfError, type BpfErrorOptions } from "@bpf-ts/uapi";
import { EBADF, EINVAL } from "@bpf-ts/uapi/errno";

/**
 * What can be wrong with an object file or with what a caller asks of it.
 *
 * - `ELF_TRUNCATED`: the file ends before something that it mentions
 * - `ELF_INVALID`: no BPF object, or one that contradicts itself
 * - `BTF_INVALID`: the object's type information, where something depends on it
 * - `MAP_INVALID`: a map's definition
 * - `RELOCATION_INVALID`: a relocation that leads nowhere
 * - `SECTION_UNKNOWN`: a program whose section's name does not say its type
 * - `EXTERN_UNRESOLVED`: a symbol that nothing defines
 * - `NOT_FOUND`: a name that the object does not have; the message lists those that it has
 * - `STATE`: a closed object, map, program or link
 * - `LOAD`: the kernel refused a map or program: `errno`, `cause`, `details.log`
 * - `ATTACH`: a program cannot be attached so
 * - `VALUE`: a key or value that does not fit its map
 * - `NO_ROOM`: a user ring buffer that is full (`errno` ENOSPC), or too small (E2BIG)
 */
export type LibbpfErrorCode =
  | "ELF_TRUNCATED"
  | "ELF_INVALID"
  | "BTF_INVALID"
  | "MAP_INVALID"
  | "RELOCATION_INVALID"
  | "SECTION_UNKNOWN"
  | "EXTERN_UNRESOLVED"
  | "NOT_FOUND"
  | "STATE"
  | "LOAD"
  | "ATTACH"
  | "VALUE"
  | "NO_ROOM";

/** What a kernel would have answered, where the mistake is found before one is asked: unless the error says another. */
const ERRNO: Readonly<Partial<Record<LibbpfErrorCode, number>>> = { STATE: EBADF, VALUE: EINVAL };

/**
 * A failure of the loader. Failures of the kernel behind it pass through with their errno, wrapped so that the message says which program or map.
 */
export class LibbpfError extends BpfError {
  override readonly name: string = "LibbpfError";
  declare readonly code: LibbpfErrorCode;

  constructor(code: LibbpfErrorCode, message: string, options: Omit<BpfErrorOptions, "code"> = {}) {
    const errno = ERRNO[code];
    super(message, { ...(errno === undefined ? {} : { errno }), ...options, code });
  }
}
