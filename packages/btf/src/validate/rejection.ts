/** A check of the kernel's failed; carried out of the checks by `throw`, and turned into a value by whoever began them. */
export class Rejection {
  /** Positive. */
  readonly errno: number;

  constructor(errno: number) {
    this.errno = errno;
  }
}
