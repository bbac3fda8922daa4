/** What programs print by bpf_trace_printk: lines, oldest first, the last 4096 of them. */
export class TraceLog {
  readonly #lines: string[] = [];
  readonly #listeners = new Set<(line: string) => void>();

  /** Appends a line and tells the listeners, while the program that printed it waits. */
  write(line: string): void {
    if (this.#lines.length === MAX_LINES) this.#lines.shift();
    this.#lines.push(line);
    for (const listener of this.#listeners) listener(line);
  }

  /** Oldest first; grows while programs print. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Calls `listener` for each new line, until the function that it answers is called. */
  listen(listener: (line: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

const MAX_LINES = 4096;
