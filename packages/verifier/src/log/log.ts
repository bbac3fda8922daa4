/**
 * The verifier's log. Positions are counts of entries: at level 1 the log is cut back to where a branch began once it has been
 * found safe, as the kernel does (`bpf_vlog_reset`). A log that outgrows its size loses its beginning.
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
  /** Characters to keep. */
  readonly #size: number;
  readonly #entries: string[] = [];
  /** Entries that were dropped at the beginning. */
  #dropped = 0;
  /** Characters in `#entries`. */
  #length = 0;

  constructor(level: number, size: number) {
    this.level = level;
    this.verbose = (level & 3) !== 0;
    this.level2 = (level & 2) !== 0;
    this.#size = size;
  }

  /** Appends text as it is (with its newline). What belongs to level 1 or 2 alone is for the caller to hold back. */
  write(text: string): void {
    this.#entries.push(text);
    this.#length += text.length;
    if (this.#length > 2 * this.#size) this.#dropOldest();
  }

  #dropOldest(): void {
    let count = 0;
    while (this.#length > this.#size && count < this.#entries.length - 1)
      this.#length -= this.#entries[count++]!.length;
    this.#entries.splice(0, count);
    this.#dropped += count;
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
    return this.#dropped + this.#entries.length;
  }

  /** Forgets everything after `position`. */
  reset(position: number): void {
    const keep = Math.max(0, position - this.#dropped);
    for (let i = keep; i < this.#entries.length; i++) this.#length -= this.#entries[i]!.length;
    if (keep < this.#entries.length) this.#entries.length = keep;
  }

  /** The text, or its last `size` characters; '' at level 0, where the last lines are kept for the verdict's message alone. */
  toString(): string {
    return this.level === 0 ? "" : this.#entries.join("").slice(-this.#size);
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
