/**
 * A line of a batch: one program as it was, or would be, loaded, in the corpus' format. Names are those of `union bpf_attr`.
 */

/** func_info or line_info records as they are passed. */
export interface BatchInfo {
  rec_size: number;
  cnt: number;
  /** Hex. */
  hex: string;
}

/** `union bpf_attr` of a load, as far as it matters to the verifier. */
export interface BatchLoad {
  prog_type: number;
  expected_attach_type?: number;
  prog_flags?: number;
  prog_name?: string;
  license: string;
  kern_version?: number;
  insn_cnt?: number;
  /** Hex, 16 digits a slot. The imm of an ld_imm64 that `map_refs` lists is an index into the row's maps. */
  insns: string;
  /** [slot, index into maps]. */
  map_refs?: readonly (readonly [slot: number, map: number])[];
  /** Name of a file in the BTF folder, without its ending. */
  btf?: string;
  func_info?: BatchInfo;
  line_info?: BatchInfo;
  /** Id in the kernel's BTF. */
  attach_btf_id?: number;
}

/** A map that the program may use. */
export interface BatchMap {
  type: number;
  name?: string;
  key_size: number;
  value_size: number;
  max_entries: number;
  map_flags?: number;
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

/** One program. */
export interface BatchRow {
  id: string;
  load: BatchLoad;
  maps: readonly BatchMap[];
  /** Bits: 1, 2 = verbosity; 4 = statistics. 1 without it. */
  log_level?: number;
}
