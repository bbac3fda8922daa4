import { BPF_PROG_TYPE_PERF_EVENT } from "@bpf-ts/uapi/prog-types";
import { EXIT_ANY } from "./exit.ts";
import { NARROW_8, rowsAccess } from "./fields.ts";
import { PT_REGS_SIZE } from "./kprobe.ts";
import type { ProgTypeRow } from "./types.ts";

/** Perf events: registers as whole words, then sample_period and addr. @see v6.18 kernel/trace/bpf_trace.c, pe_prog_is_valid_access */
export const PERF_EVENT: ProgTypeRow = {
  id: BPF_PROG_TYPE_PERF_EVENT,
  name: "perf_event",
  ctxStruct: "bpf_perf_event_data",
  ctxAccess: rowsAccess([
    { from: 0, to: PT_REGS_SIZE, read: 8 },
    { from: PT_REGS_SIZE, to: PT_REGS_SIZE + 16, read: NARROW_8, fieldSize: 8 },
  ]),
  exitRule: () => EXIT_ANY,
  perfmon: true,
};
