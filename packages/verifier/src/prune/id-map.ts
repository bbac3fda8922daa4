/**
 * Correspondence of ids between an old and a current state, built while the two are compared: registers that share an id in the old state must
 * share one in the current state, though the numbers may differ.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_ids, check_scalar_ids
 */
export class IdMap {
  readonly #old: number[] = [];
  readonly #cur: number[] = [];
  #tmpId = 0;

  /** Begins a comparison. `idGen`: the last id given out; temporary ones are taken from above it. */
  reset(idGen: number): void {
    this.#old.length = 0;
    this.#cur.length = 0;
    this.#tmpId = idGen;
  }

  /** Either both are 0, or the pair agrees with those seen before. */
  check(oldId: number, curId: number): boolean {
    if (oldId === 0 || curId === 0) return oldId === curId;
    const old = this.#old;
    for (let i = 0; i < old.length; i++) {
      if (old[i] === oldId) return this.#cur[i] === curId;
      if (this.#cur[i] === curId) return false;
    }
    old.push(oldId);
    this.#cur.push(curId);
    return true;
  }

  /** As `check` for an old id that is not 0, where having no id is like having one of one's own. */
  checkScalar(oldId: number, curId: number): boolean {
    return this.check(oldId, curId === 0 ? ++this.#tmpId : curId);
  }
}
