/**
 * The corpus' format: one JSON object a line, a program as it was loaded into Linux 6.18 and what that kernel answered.
 */
import type { BatchInfo, BatchLoad, BatchMap, BatchRow } from "bpf-ts/batch";

/** Records as `bpf-ts verify --batch` takes them. */
export type { BatchInfo as CorpusInfo };

/** A map; the corpus always says how it is called and what its flags are. */
export interface CorpusMap extends BatchMap {
  name: string;
  map_flags: number;
}

/** `union bpf_attr` of the load; the corpus has all that a load needs. */
export interface CorpusLoad extends BatchLoad {
  expected_attach_type: number;
  prog_flags: number;
  prog_name: string;
  insn_cnt: number;
  map_refs: [number, number][];
}

/** What the kernel said to one load. */
export interface CorpusAnswer {
  verdict: "accept" | "reject";
  /** Positive, 0 on accept. */
  errno: number;
  /** The last line of the log, `processed N insns …`. */
  stats: string;
  /** The last line before the statistics; says something about rejects only. */
  lastLine?: string;
  /** Left out where it was too long. */
  log?: string;
}

/** One program. */
export interface CorpusRow extends BatchRow {
  load: CorpusLoad;
  maps: CorpusMap[];
  kernel: {
    /** env-refused: that kernel refuses the program's kind before it verifies. */
    verdict: "accept" | "reject" | "env-refused";
    level1?: CorpusAnswer;
    level2?: CorpusAnswer;
    capBpfOnly?: CorpusAnswer;
  };
  /** What the selftest expects, where the kernel was not asked. */
  upstream?: unknown;
}
