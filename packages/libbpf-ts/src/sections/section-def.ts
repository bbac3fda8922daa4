/** How a program of a section is attached when nobody says otherwise. */
export type AttachKind =
  | "none"
  | "kprobe"
  | "kprobe-multi"
  | "ksyscall"
  | "uprobe"
  | "uprobe-multi"
  | "usdt"
  | "tracepoint"
  | "raw-tracepoint"
  | "trace"
  | "lsm"
  | "iter"
  | "map-trace";

/** One row of the section table. */
export interface SectionDef {
  readonly name: string;
  /** Matches `name` and `name/…`; without it only `name`, or `name/…` where the row's program type takes no target. */
  readonly prefix?: boolean;
  /** `BPF_PROG_TYPE_*`. */
  readonly progType: number;
  /** `BPF_*` attach type, 0 for none. */
  readonly attachType: number;
  readonly attach: AttachKind;
  /** What follows the `/` names a function of the kernel's BTF. */
  readonly btfTarget?: boolean;
  /** Loads with BPF_F_SLEEPABLE. */
  readonly sleepable?: boolean;
  /** Loads with BPF_F_XDP_HAS_FRAGS. */
  readonly xdpFrags?: boolean;
  /** The attach type is left out for kernels that do not know it. */
  readonly attachTypeOptional?: boolean;
}
