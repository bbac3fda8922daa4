import { BpfError, type BpfErrorOptions } from "@bpf-ts/uapi";

/**
 * What is wrong with a piece of BTF, or with a request about it.
 *
 * - `BTF_HEADER`: the header's magic, version, lengths or section layout
 * - `BTF_TRUNCATED`: a record reaches beyond its section
 * - `BTF_STRINGS`: the string section, or an offset outside of it
 * - `BTF_KIND`: an unknown kind, or a kind that does not fit the request
 * - `BTF_TYPE_ID`: an id that no type has
 * - `BTF_LOOP`: a type that contains itself, or a chain longer than {@link MAX_RESOLVE_DEPTH}
 * - `BTF_SIZE`: a size that is missing or beyond 2^32-1 bytes
 * - `BTF_NOT_FOUND`: a name, member or path that is not there
 * - `BTF_LIMIT`: more types, members or bytes than BTF can hold
 * - `BTF_VALUE`: a JS value that does not fit its type, or bytes that are too short
 * - `BTF_EXT`: the `.BTF.ext` section
 * - `BTF_CORE`: a CO-RE relocation that libbpf refuses too; `errno` says how
 * - `BTF_INVALID`: anything else that a writer was asked for and BTF forbids
 */
export type BtfErrorCode =
  | "BTF_HEADER"
  | "BTF_TRUNCATED"
  | "BTF_STRINGS"
  | "BTF_KIND"
  | "BTF_TYPE_ID"
  | "BTF_LOOP"
  | "BTF_SIZE"
  | "BTF_NOT_FOUND"
  | "BTF_LIMIT"
  | "BTF_VALUE"
  | "BTF_EXT"
  | "BTF_CORE"
  | "BTF_INVALID";

/** Every error that this package throws at its caller. */
export class BtfError extends BpfError {
  override readonly name: string = "BtfError";
  declare readonly code: BtfErrorCode;

  constructor(code: BtfErrorCode, message: string, options: Omit<BpfErrorOptions, "code"> = {}) {
    super(message, { code, ...options });
  }
}

/**
 * How many typedefs, modifiers and array levels are followed before a chain counts as a loop.
 *
 * @see v6.18 tools/lib/bpf/btf.c, MAX_RESOLVE_DEPTH
 */
export const MAX_RESOLVE_DEPTH = 32;
