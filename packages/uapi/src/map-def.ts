/**
 * A map as `BPF_MAP_CREATE` describes it. Plain data: the same on every machine, safe to edit and to compare.
 *
 * @see v6.18 include/uapi/linux/bpf.h, union bpf_attr, BPF_MAP_CREATE
 */
export interface MapDef {
  /** `BPF_MAP_TYPE_*`. */
  type: number;
  /** At most 15 bytes of `[A-Za-z0-9_.]`; empty for none. */
  name: string;
  /** Bytes. */
  keySize: number;
  /** Bytes; what one CPU holds, for per-CPU maps. */
  valueSize: number;
  maxEntries: number;
  /** `BPF_F_*` creation flags. */
  mapFlags: number;
  /** Type-specific, e.g. the number of hash functions of a bloom filter. */
  mapExtra?: bigint;
  numaNode?: number;
}

/** Where a map's key and value types are described. */
export interface MapBtfRef {
  /** File descriptor of a loaded BTF object. */
  btfFd: number;
  keyTypeId: number;
  valueTypeId: number;
}
