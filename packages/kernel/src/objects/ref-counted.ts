/**
 * An object that lives as long as something refers to it: fds, links, programs that use it.
 */
export abstract class RefCounted {
  #refs = 1;

  /** References held now. Zero once destroyed. */
  get refs(): number {
    return this.#refs;
  }

  getRef(): void {
    if (this.#refs === 0) throw new Error(`${this.describe()}: reference taken after it was destroyed`);
    this.#refs++;
  }

  putRef(): void {
    if (this.#refs === 0) throw new Error(`${this.describe()}: reference dropped after it was destroyed`);
    if (--this.#refs === 0) this.destroy();
  }

  /** Kind and id, for messages about defects. */
  abstract describe(): string;
  /** The last reference is gone: give everything back. */
  protected abstract destroy(): void;
}
