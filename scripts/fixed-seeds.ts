import fc from "fast-check";

/**
 * In every package: property tests try the same values in every run, so that a run that passes passes again. `BPF_TS_FUZZ_RUNS` asks for other values than last
 * time (a failure names its seed), `BPF_TS_FUZZ_SEED` for those of one seed.
 */
const { BPF_TS_FUZZ_RUNS, BPF_TS_FUZZ_SEED } = process.env;
if (BPF_TS_FUZZ_SEED !== undefined) fc.configureGlobal({ seed: Number(BPF_TS_FUZZ_SEED) });
else if (BPF_TS_FUZZ_RUNS === undefined) fc.configureGlobal({ seed: 1 });
