/**
 * What one program type is to the verifier, as pure data and pure functions: one file a type in this folder, all of them registered in
 * table.ts. Nothing here knows states or registers.
 */
import type { ProgFacts, ProgTypeDef } from "../types.ts";

/** Inclusive range of R0 at the main program's exit, in the kernel's `[minval, maxval]`. */
export interface ExitRange {
  readonly minval: number;
  readonly maxval: number;
}

/** The rule for R0 at the main program's exit. */
export type ExitRule =
  /** R0 must be readable and no pointer; any number is fine. */
  | { readonly kind: "any" }
  /** R0 must be a number in this range. */
  | { readonly kind: "range"; readonly range: ExitRange }
  /** The attach target decides: its type, or the hook's own range. */
  | { readonly kind: "attach-target" }
  /** The kernel answers ENOTSUPP without a word. */
  | { readonly kind: "refused" };

/** How `BPF_PROG_TEST_RUN` runs a program of this type. */
export type TestRunKind =
  | "skb"
  | "xdp"
  | "flow_dissector"
  | "raw_tp"
  | "tracing"
  | "sk_lookup"
  | "syscall"
  | "netfilter"
  | "struct_ops";

/** A program type. Extends what the walk needs ({@link ProgTypeDef}) by what load, exit and helper calls need. */
export interface ProgTypeRow extends ProgTypeDef {
  /**
   * The struct that a BTF-typed context argument must name (`struct __sk_buff *`), undefined where none is known to the kernel by that way.
   */
  readonly ctxStruct?: string;
  /** Values of expected_attach_type that loading allows; absent: all. `bpf_prog_load_check_attach`. */
  readonly attachTypes?: readonly number[];
  /** R0 at exit. `check_return_code`. */
  exitRule(facts: ProgFacts): ExitRule;
  /** BPF_F_SLEEPABLE is allowed. `can_be_sleepable`; absent: never. */
  sleepable?(expectedAttachType: number): boolean;
  /** Loading needs CAP_NET_ADMIN. */
  readonly netAdmin?: boolean;
  /** Loading needs CAP_PERFMON. */
  readonly perfmon?: boolean;
  /** Loading does not need CAP_BPF by the type alone. */
  readonly unprivileged?: boolean;
  /** Helpers may take packet pointers whatever their prototype's `pktAccess` says. */
  readonly pktInAnyHelper?: boolean;
  /**
   * `btf_struct_access`: a store through a pointer to a structure of the kernel, `size` bytes at `off`. Absent: no store is right.
   */
  btfStructAccess?(
    facts: ProgFacts,
    struct: string,
    off: number,
    size: number,
  ): true | { readonly errno: number; readonly text: string };
  /** How `BPF_PROG_TEST_RUN` runs it; absent: ENOTSUPP. */
  readonly testRun?: TestRunKind;
  /** The context is typed by BTF of the attach target: `ctxAccess` here covers the shape alone (offset, alignment, direction). */
  readonly btfContext?: boolean;
  /** Set where this verifier does not model the type: the detail of the verdict `unsupported: prog-type`. */
  readonly notModelled?: string;
}
