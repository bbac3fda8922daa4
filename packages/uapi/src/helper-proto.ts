/**
 * How the verifier treats one argument of a helper: the kernel's `enum bpf_arg_type` base names, with its modifiers spelled out.
 *
 * @see v6.18 include/linux/bpf.h, enum bpf_arg_type
 */
export type ArgKind =
  | "DONTCARE"
  | "CONST_MAP_PTR"
  | "MAP_KEY"
  | "MAP_VALUE"
  | "MEM"
  | "ARENA"
  | "CONST_SIZE"
  | "CONST_SIZE_OR_ZERO"
  | "CTX"
  | "ANYTHING"
  | "SPIN_LOCK"
  | "SOCK_COMMON"
  | "SOCKET"
  | "BTF_ID"
  | "RINGBUF_MEM"
  | "CONST_ALLOC_SIZE_OR_ZERO"
  | "BTF_ID_SOCK_COMMON"
  | "PERCPU_BTF_ID"
  | "FUNC"
  | "STACK"
  | "CONST_STR"
  | "TIMER"
  | "KPTR_XCHG_DEST"
  | "DYNPTR";

/** One argument of a helper. */
export interface ArgProto {
  kind: ArgKind;
  /** PTR_MAYBE_NULL. */
  nullable?: boolean;
  /** MEM_UNINIT: the helper fills it. */
  uninit?: boolean;
  /** MEM_WRITE: the helper writes to it. */
  write?: boolean;
  /** MEM_RDONLY. */
  readonly?: boolean;
  /** MEM_ALIGNED. */
  aligned?: boolean;
  /** MEM_FIXED_SIZE: the size in bytes is `size`. */
  size?: number;
  /** OBJ_RELEASE. */
  release?: boolean;
  /** MEM_PERCPU. */
  percpu?: boolean;
  /** DYNPTR_TYPE_LOCAL | RINGBUF | … where the argument is a dynptr of one kind. */
  dynptr?: "LOCAL" | "RINGBUF" | "SKB" | "XDP";
  /** Kernel struct that a BTF_ID argument points to, by name. */
  btfType?: string;
}

/** The kernel's `enum bpf_return_type` base names. */
export type RetKind =
  | "INTEGER"
  | "VOID"
  | "MAP_VALUE"
  | "SOCKET"
  | "TCP_SOCK"
  | "SOCK_COMMON"
  | "MEM"
  | "MEM_OR_BTF_ID"
  | "BTF_ID";

/** What a helper returns. */
export interface RetProto {
  kind: RetKind;
  /** PTR_MAYBE_NULL. */
  nullable?: boolean;
  /** MEM_RINGBUF. */
  ringbuf?: boolean;
  /** MEM_PERCPU. */
  percpu?: boolean;
  /** MEM_RDONLY. */
  readonly?: boolean;
  /** PTR_TRUSTED. */
  trusted?: boolean;
  /** Kernel struct that a BTF_ID result points to, by name. */
  btfType?: string;
}

/**
 * What one `struct bpf_func_proto` of the kernel says.
 *
 * @see v6.18 include/linux/bpf.h, struct bpf_func_proto
 */
export interface HelperVariant {
  /** At most five. */
  args: readonly ArgProto[];
  ret: RetProto;
  /** Only for programs with a GPL-compatible licence. */
  gplOnly?: boolean;
  /** Reads or writes packet memory directly: `pkt_access`. */
  pktAccess?: boolean;
  /** May sleep: sleepable programs only. */
  mightSleep?: boolean;
  /** `allow_fastcall`. */
  fastcall?: boolean;
}

/** One row of the table of helpers: everything that the verifier, the kernel and the generated C headers need to know about it. */
export interface HelperProto {
  /** `BPF_FUNC_*` number: the imm of the call instruction. */
  id: number;
  /** Without the `bpf_` prefix, as in `BPF_FUNC_<name>`. */
  name: string;
  /** The C prototype as a program sees it, e.g. `void *bpf_map_lookup_elem(void *map, const void *key)`. */
  signature: string;
  /** The kernel's name of the prototype in this row, without `_proto`, where it is not `bpf_<name>`. */
  proto?: string;
  /** Absent where the kernel has no prototype of its own for the id. At most five. */
  args?: readonly ArgProto[];
  ret?: RetProto;
  /** Only for programs with a GPL-compatible licence. */
  gplOnly?: boolean;
  /** Reads or writes packet memory directly: `pkt_access`. */
  pktAccess?: boolean;
  /** May sleep: sleepable programs only. */
  mightSleep?: boolean;
  /** Invalidates packet pointers (`bpf_helper_changes_pkt_data`). */
  changesPktData?: boolean;
  /** May be called with `BPF_PROG_TYPE_*`-independent fastcall convention (`allow_fastcall`). */
  fastcall?: boolean;
  /**
   * The other prototypes of the same id, by the kernel's name for them without `_proto` (`bpf_xdp_event_output`): which one a call means
   * depends on the program's type. The row's own facts are those of the most common one.
   */
  variants?: Readonly<Record<string, HelperVariant>>;
}
