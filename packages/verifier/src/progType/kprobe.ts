import { BPF_TRACE_KPROBE_SESSION, BPF_TRACE_UPROBE_SESSION } from "@bpf-ts/uapi/attach-types";
import { BPF_PROG_TYPE_KPROBE } from "@bpf-ts/uapi/prog-types";
import { EXIT_0_1, EXIT_ANY } from "./exit.ts";
import { NARROW_8, rowsAccess } from "./fields.ts";
import type { ProgTypeRow } from "./types.ts";

/** Bytes of x86-64's `struct pt_regs`. */
export const PT_REGS_SIZE = 168;

/** Kprobes and uprobes: registers, read only. @see v6.18 kernel/trace/bpf_trace.c, kprobe_prog_is_valid_access */
export const KPROBE: ProgTypeRow = {
  id: BPF_PROG_TYPE_KPROBE,
  name: "kprobe",
  ctxStruct: "bpf_user_pt_regs_t",
  ctxAccess: rowsAccess([{ from: 0, to: PT_REGS_SIZE, read: NARROW_8 }]),
  plainContext: true,
  exitRule: (facts) =>
    facts.expectedAttachType === BPF_TRACE_KPROBE_SESSION || facts.expectedAttachType === BPF_TRACE_UPROBE_SESSION
      ? EXIT_0_1
      : EXIT_ANY,
  sleepable: () => true,
  perfmon: true,
};
