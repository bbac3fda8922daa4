/** Rendered late, so that what a successful path logs costs next to nothing at level 1, where it is thrown away. */
export type LogEntry = string | (() => string);

/**
 * The verifier's log. Positions are counts of entries: at level 1 the log is cut back to where a branch began once it has been
 * found safe, as the kernel does (`bpf_vlog_reset`).
 *
 * @see v6.18 kernel/bpf/log.c
 */
export class Log {
  /** Bits: 1, 2 = verbosity, 4 = statistics. */
  readonly level: number;
  /** Level 1 or 2 is on. */
  readonly verbose: boolean;
  /** Level 2 is on. */
  readonly level2: boolean;
  readonly #entries: LogEntry[] = [];

  constructor(level: number) {
    this.level = level;
    this.verbose = (level & 3) !== 0;
    this.level2 = (level & 2) !== 0;
  }

  /** Appends text as it is (with its newline), at levels 1 and 2. */
  write(text: string): void {
    if (this.verbose) this.#entries.push(text);
  }

  /** Appends text that is made when the log is read. What it refers to must be immutable. */
  defer(render: () => string): void {
    if (this.verbose) this.#entries.push(render);
  }

  /** Appends at any level but 0: the statistics at the end. */
  writeStats(text: string): void {
    if (this.level !== 0) this.#entries.push(text);
  }

  get position(): number {
    return this.#entries.length;
  }

  /** Forgets everything after `position`. */
  reset(position: number): void {
    this.#entries.length = position;
  }

  toString(): string {
    let text = "";
    for (const e of this.#entries) text += typeof e === "string" ? e : e();
    return text;
  }
}
