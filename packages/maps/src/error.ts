import { BpfError, type BpfErrorOptions } from "@bpf-ts/uapi";
import { errnoName } from "@bpf-ts/uapi/errno-names";

/** A failure of this package that bpf(2) would answer with an errno; `code` is the errno's name. */
export class MapError extends BpfError {
  override readonly name: string = "MapError";

  constructor(message: string, options: BpfErrorOptions) {
    super(message, options);
  }
}

/** A {@link MapError} for a (positive) errno. */
export function mapError(errno: number, message: string, details?: Readonly<Record<string, unknown>>): MapError {
  return new MapError(message, { code: errnoName(errno), errno, ...(details === undefined ? {} : { details }) });
}
