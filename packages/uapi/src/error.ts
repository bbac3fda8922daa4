/** What every error of these packages carries beside its message. */
export interface BpfErrorOptions {
  /** A short stable identifier: an errno's name (`EINVAL`) or a code of the throwing package (`ELF_TRUNCATED`). */
  code: string;
  /** Linux errno, positive, where the failure is one that bpf(2) could answer. */
  errno?: number;
  /** Facts about the failure, for programs: offsets, sizes, names. */
  details?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/**
 * The base of every error that a caller of bpf-ts can meet. Packages subclass it once (`ElfError`, `BtfError`, …) and tell
 * their failures apart by `code`. A defect of bpf-ts itself is never a `BpfError`.
 */
export class BpfError extends Error {
  override readonly name: string = "BpfError";
  readonly code: string;
  readonly errno?: number;
  readonly details?: Readonly<Record<string, unknown>>;

  constructor(message: string, options: BpfErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    if (options.errno !== undefined) this.errno = options.errno;
    if (options.details !== undefined) this.details = options.details;
  }
}

/**
 * Something that Linux has and this implementation does not (yet). Its message starts with `unsupported: `, so that it can never be
 * mistaken for a refusal by the kernel's rules.
 */
export class UnsupportedError extends BpfError {
  override readonly name: string = "UnsupportedError";
  /** The feature's name, one of a closed table of the throwing package. */
  readonly feature: string;

  /** @param options.detail which one, and where: shown in brackets behind the feature */
  constructor(feature: string, options: Partial<BpfErrorOptions> & { detail?: string } = {}) {
    const { detail, ...rest } = options;
    super(`unsupported: ${feature}${detail === undefined ? "" : ` (${detail})`}`, { code: "UNSUPPORTED", ...rest });
    this.feature = feature;
  }
}
