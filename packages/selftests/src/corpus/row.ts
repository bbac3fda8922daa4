/**
 * The corpus' format: one JSON object a line, a program as it was loaded into Linux 6.18 and what that kernel answered.
 */

/** func_info or line_info records as they were passed. */
export interface CorpusInfo {
  rec_size: number;
  cnt: number;
  /** Hex. */
  hex: string;
}

/** `union bpf_attr` of the load, as far as the programs use it. */
export interface CorpusLoad {
  prog_type: number;
  expected_attach_type: number;
  prog_flags: number;
  prog_name: string;
  license: string;
  kern_version?: number;
  insn_cnt: number;
  /** Hex, 16 digits a slot. The imm of an ld_imm64 that `map_refs` lists is an index into the row's maps. */
  insns: string;
  /** [slot, index into maps]. */
  map_refs: [number, number][];
  /** Name of a file in the corpus' btf folder, without its ending. */
  btf?: string;
  func_info?: CorpusInfo;
  line_info?: CorpusInfo;
  attach_btf_id?: number;
}

/** A map that the program may use. */
export interface CorpusMap {
  type: number;
  name: string;
  key_size: number;
  value_size: number;
  max_entries: number;
  map_flags: number;
  /** Hex number. */
  map_extra?: string;
  btf?: string;
  btf_key_type_id?: number;
  btf_value_type_id?: number;
  btf_vmlinux_value_type_id?: number;
  /** Index into the row's maps. */
  inner_map?: number;
  /** Hex of the one key that has contents, and of those. */
  init_key?: string;
  init?: string;
  frozen?: boolean;
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
export interface CorpusRow {
  id: string;
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
