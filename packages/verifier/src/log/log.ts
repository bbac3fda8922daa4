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
  readonly #entries: string[] = [];

  constructor(level: number) {
    this.level = level;
    this.verbose = (level & 3) !== 0;
    this.level2 = (level & 2) !== 0;
  }

  /** Appends text as it is (with its newline). What belongs to level 1 or 2 alone is for the caller to hold back. */
  write(text: string): void {
    this.#entries.push(text);
  }

  /**
   * The last entry's newline becomes a space: what follows stands on the same line. Even if what follows is cut away again, as the kernel's log
   * shows.
   */
  continueLine(): void {
    const last = this.#entries.length - 1;
    this.#entries[last] = `${this.#entries[last]!.slice(0, -1)} `;
  }

  get position(): number {
    return this.#entries.length;
  }

  /** Forgets everything after `position`. */
  reset(position: number): void {
    this.#entries.length = position;
  }

  /** The whole text; '' at level 0, where the last lines are kept for the verdict's message alone. */
  toString(): string {
    return this.level === 0 ? "" : this.#entries.join("");
  }

  /** The last line, without its newline; '' for an empty log. */
  lastLine(): string {
    let text = "";
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      text = this.#entries[i]! + text;
      const body = text.endsWith("\n") ? text.slice(0, -1) : text;
      const cut = body.lastIndexOf("\n");
      if (cut >= 0) return body.slice(cut + 1);
      if (i === 0) return body;
    }
    return text;
  }
}
