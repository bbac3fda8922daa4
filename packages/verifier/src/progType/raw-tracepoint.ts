import { BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE } from "@bpf-ts/uapi/prog-types";
import { PTR_TO_TP_BUFFER } from "../state/reg-type.ts";
import { EXIT_ANY } from "./exit.ts";
import { NARROW_8, rowsAccess } from "./fields.ts";
import type { ProgTypeRow } from "./types.ts";

/** Bytes of a context of MAX_BPF_FUNC_ARGS arguments, 8 bytes each. */
export const ARGS_SIZE = 96;

/** Raw tracepoints: up to twelve arguments as numbers. @see v6.18 kernel/trace/bpf_trace.c, raw_tp_prog_is_valid_access */
export const RAW_TRACEPOINT: ProgTypeRow = {
  id: BPF_PROG_TYPE_RAW_TRACEPOINT,
  name: "raw_tracepoint",
  ctxStruct: "bpf_raw_tracepoint_args",
  ctxAccess: rowsAccess([{ from: 0, to: ARGS_SIZE, read: NARROW_8 }]),
  plainContext: true,
  exitRule: () => EXIT_ANY,
  perfmon: true,
  testRun: "raw_tp",
};

const WRITABLE_ACCESS = rowsAccess([
  { from: 0, to: 8, read: 8, type: PTR_TO_TP_BUFFER },
  { from: 0, to: ARGS_SIZE, read: NARROW_8 },
]);

/**
 * Raw tracepoints whose first argument is a buffer to write to.
 *
 * @see v6.18 kernel/trace/bpf_trace.c, raw_tp_writable_prog_is_valid_access
 */
export const RAW_TRACEPOINT_WRITABLE: ProgTypeRow = {
  id: BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
  name: "raw_tracepoint_writable",
  ctxStruct: "bpf_raw_tracepoint_args",
  // Offset 0 is the buffer as a whole; the bytes behind it may be read in parts.
  ctxAccess: (facts, access) => (access.off === 0 && access.size !== 8 ? undefined : WRITABLE_ACCESS(facts, access)),
  plainContext: true,
  exitRule: () => EXIT_ANY,
  perfmon: true,
};
