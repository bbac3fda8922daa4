import type { VerifierInput } from "@bpf-ts/verifier";
import { rowInput } from "bpf-ts/batch";
import type { Corpus } from "./corpus.ts";
import type { CorpusRow } from "./row.ts";

/** The load that a row describes, as the verifier takes it. */
export function inputOf(row: CorpusRow, corpus: Corpus, logLevel: number): VerifierInput {
  return rowInput(row, corpus, logLevel);
}
