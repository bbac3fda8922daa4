import { median } from "./median.ts";
import type { Row, Side } from "./row.ts";

/** How long and how often. */
export interface MeasureOptions {
  /** Samples of each side. */
  readonly rounds: number;
  /** What one sample should take at least, ns. */
  readonly sampleNs: number;
  /** Runs before the first sample, ns: compilers need them. */
  readonly warmUpNs: number;
  /** CPU time so far, ns. */
  now(): number;
  /** ns of the one unit of a cold row, measured in a process of its own. */
  cold(row: Row, side: "ours" | "peer"): number;
}

/** ns a unit. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface Result {
  readonly name: string;
  readonly unit: string;
  readonly rounds: number;
  readonly ours: Summary;
  readonly peer?: Summary & { readonly name: string };
  /** Why there are no numbers of the peer. */
  readonly peerMissing?: { readonly name: string; readonly reason: string };
  /** Median of ours / peer, pair by pair. */
  readonly ratio?: number;
  readonly aim?: number;
  readonly aimNs?: number;
}

/** Answers the ns a unit of one sample. */
type Sampler = () => number;

/**
 * Measures both sides in turns (A B A B …), so that what happens to the machine meanwhile happens to both, and answers medians: of each side, and of
 * the ratios of neighbours.
 */
export function measureRow(row: Row, options: MeasureOptions): Result {
  const opened: Side[] = [];
  const open = (make: () => Side): Side => {
    const side = make();
    opened.push(side);
    return side;
  };
  try {
    const ours = row.isCold ? (): number => options.cold(row, "ours") : sampler(open(row.ours), options);
    let peer: Sampler | undefined;
    let reason = "";
    if (row.peer !== undefined) {
      try {
        peer = row.isCold ? (): number => options.cold(row, "peer") : sampler(open(row.peer.open), options);
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
    }
    const a: number[] = [];
    const b: number[] = [];
    for (let round = 0; round < options.rounds; round++) {
      a.push(ours());
      if (peer === undefined) continue;
      try {
        b.push(peer());
      } catch (error) {
        if (round > 0) throw error;
        reason = error instanceof Error ? error.message : String(error);
        peer = undefined;
      }
    }
    const name = row.peer?.name ?? "";
    return {
      name: row.name,
      unit: row.unit,
      rounds: options.rounds,
      ours: summary(a),
      ...(peer === undefined ? {} : { peer: { name, ...summary(b) }, ratio: median(a.map((ns, i) => ns / b[i]!)) }),
      ...(row.peer !== undefined && peer === undefined ? { peerMissing: { name, reason } } : {}),
      ...(row.aim === undefined ? {} : { aim: row.aim }),
      ...(row.aimNs === undefined ? {} : { aimNs: row.aimNs }),
    };
  } finally {
    for (const side of opened) side.close?.();
  }
}

function summary(samples: readonly number[]): Summary {
  return { median: median(samples), least: Math.min(...samples), most: Math.max(...samples) };
}

/** Warms a side up and finds how many steps make a sample. */
function sampler(side: Side, options: MeasureOptions): Sampler {
  const timed = (steps: number): number => {
    if (side.time !== undefined) return side.time(steps);
    const start = options.now();
    side.run(steps);
    return options.now() - start;
  };
  let steps = 1;
  let spent = 0;
  for (;;) {
    const ns = timed(steps);
    spent += ns;
    if (ns >= options.sampleNs) {
      if (spent >= options.warmUpNs) break;
      continue;
    }
    // At most tenfold at once: the first runs are slower than the rest.
    steps = Math.ceil(steps * Math.min(10, Math.max(1.2, (1.2 * options.sampleNs) / Math.max(ns, 1))));
  }
  return () => timed(steps) / (steps * (side.units ?? 1));
}
