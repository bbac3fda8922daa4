import { BtfError } from "../error.ts";

/** Characters that one rendering may come to. Linux's own types need 4 million; strings end at 536 million. */
const MAX_LENGTH = 1 << 27;

/** Counts what a rendering writes, pieces that go into larger ones each time: a small input must not come to an endless text. */
export class TextBudget {
  #left = MAX_LENGTH;

  /** The same text, counted. @throws BtfError BTF_LIMIT */
  spend(text: string): string {
    this.#left -= text.length;
    if (this.#left < 0) throw new BtfError("BTF_LIMIT", `more than ${MAX_LENGTH} characters to write out`);
    return text;
  }
}
