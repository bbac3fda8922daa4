import type { Side } from "../frame/row.ts";

/** A side of a function that does its work once and answers how many units that was: opening it counts them. */
export function repeated(once: () => number): Side {
  return {
    units: once(),
    hasRun: true,
    run(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += once();
      return sum;
    },
  };
}
