/** Hands out each name once: a second `t` becomes `t___2`, as bpftool calls it, or a higher number if that is taken too. */
export class UniqueNames {
  /** The names given out, with the last number that was tried for each. */
  readonly #taken = new Map<string, number>();

  constructor(reserved: readonly string[] = []) {
    for (const name of reserved) this.#taken.set(name, 1);
  }

  take(wanted: string): string {
    let name = wanted;
    let number = this.#taken.get(wanted);
    if (number !== undefined) {
      do {
        number++;
        name = `${wanted}___${number}`;
      } while (this.#taken.has(name));
      this.#taken.set(wanted, number);
    }
    this.#taken.set(name, 1);
    return name;
  }
}
