import { BpfError, type BpfErrorOptions } from "@bpf-ts/uapi";

/** What can be wrong with an object file or with what a caller asks of it. */
export type LibbpfErrorCode =
  | "ELF_TRUNCATED"
  | "ELF_INVALID"
  | "BTF_INVALID"
  | "SECTION_UNKNOWN"
  | "MAP_INVALID"
  | "RELOCATION_INVALID"
  | "EXTERN_UNRESOLVED"
  | "NOT_FOUND"
  | "STATE"
  | "ATTACH"
  | "VALUE"
  | "LOAD";

/**
 * A failure of the loader. Failures of the kernel behind it pass through with their errno, wrapped so that the message says which program or map.
 */
export class LibbpfError extends BpfError {
  override readonly name: string = "LibbpfError";

  constructor(code: LibbpfErrorCode, message: string, options: Omit<Partial<BpfErrorOptions>, "code"> = {}) {
    super(message, { ...options, code });
  }
}
