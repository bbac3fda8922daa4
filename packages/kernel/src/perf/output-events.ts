import type { Memory } from "@bpf-ts/memory";
import { OutputEvent, type OutputEventOptions } from "./output-event.ts";

/** All output events of a kernel that are alive. */
export class OutputEvents {
  readonly #memory: Memory;
  readonly #live: Set<OutputEvent> = new Set();
  #ids = 0;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** A new one; the reference is the caller's. */
  create(options: OutputEventOptions): OutputEvent {
    const event = new OutputEvent(this.#memory, ++this.#ids, options, (gone) => this.#live.delete(gone));
    this.#live.add(event);
    return event;
  }

  /** What is alive, for leak checks. */
  describeLive(): string[] {
    return [...this.#live].map((event) => `${event.describe()}, ${event.refs} reference(s)`);
  }
}
