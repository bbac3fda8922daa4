/** One side of a comparison, set up and ready to run. */
export interface Side {
  /** Units of work that one step does; 1 if absent. */
  readonly units?: number;
  /** Opening it has done a step already. */
  readonly hasRun?: true;
  /** Does `n` steps. What it answers depends on the work, so that nothing can be dropped; nobody looks at it. */
  run(n: number): unknown;
  /** In place of {@link run}, for work that something else measures: does `n` steps and answers the ns they took. */
  time?(n: number): number;
  close?(): void;
}

/** What ours is compared with. */
export interface Peer {
  readonly name: string;
  /** @throws anything, which says why it cannot run here: the row's peer is then n/a */
  open(): Side;
}

/** One line of the table. */
export interface Row {
  /** `<package>: <what>`. */
  readonly name: string;
  /** What is counted: instruction, operation … */
  readonly unit: string;
  ours(): Side;
  readonly peer?: Peer;
  /** The ratio ours / peer that we aim at. */
  readonly aim?: number;
  /** Where there is no peer: the ns a unit that we aim at. */
  readonly aimNs?: number;
  /** Each sample is one unit, in a process of its own: what the first one costs. */
  readonly isCold?: true;
}
