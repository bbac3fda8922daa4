/**
 * Rules for R0 at exit that program types share.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_return_code
 */
import type { ExitRule } from "./types.ts";

/** R0 must be readable; any number is fine. */
export const EXIT_ANY: ExitRule = { kind: "any" };

/** 0 or 1. */
export const EXIT_0_1: ExitRule = { kind: "range", range: { minval: 0, maxval: 1 } };

/** 0 alone. */
export const EXIT_0: ExitRule = { kind: "range", range: { minval: 0, maxval: 0 } };

/** 1 alone. */
export const EXIT_1: ExitRule = { kind: "range", range: { minval: 1, maxval: 1 } };

/** 0 to 3. */
export const EXIT_0_3: ExitRule = { kind: "range", range: { minval: 0, maxval: 3 } };

/** The attach target decides. */
export const EXIT_BY_TARGET: ExitRule = { kind: "attach-target" };

/** No rule exists: the kernel answers ENOTSUPP. */
export const EXIT_REFUSED: ExitRule = { kind: "refused" };
