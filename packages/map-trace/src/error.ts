import { BpfError, type BpfErrorOptions } from "@bpf-ts/uapi";

/** A refusal by the map-tracing machinery. `code` is the errno's name; `details.check` names the check that refused. */
export class MapTraceError extends BpfError {
  override readonly name: string = "MapTraceError";

  constructor(check: string, code: string, errno: number, message: string, options: Partial<BpfErrorOptions> = {}) {
    super(message, { ...options, code, errno, details: { check, ...options.details } });
  }
}
