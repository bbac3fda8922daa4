import {
  BPF_MODIFY_RETURN,
  BPF_TRACE_FENTRY,
  BPF_TRACE_FEXIT,
  BPF_TRACE_ITER,
  BPF_TRACE_RAW_TP,
} from "@bpf-ts/uapi/attach-types";
import { BPF_TRACE_MAP } from "@bpf-ts/uapi/map-trace";
import { BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import { EXIT_0, EXIT_0_1, EXIT_ANY, EXIT_BY_TARGET, EXIT_REFUSED } from "./exit.ts";
import { NARROW_8, rowsAccess } from "./fields.ts";
import { ARGS_SIZE } from "./raw-tracepoint.ts";
import type { ExitRule, ProgTypeRow } from "./types.ts";

function exitRule(expectedAttachType: number): ExitRule {
  switch (expectedAttachType) {
    case BPF_TRACE_FENTRY:
    case BPF_TRACE_FEXIT:
      return EXIT_0;
    case BPF_TRACE_RAW_TP:
    case BPF_MODIFY_RETURN:
      return EXIT_ANY;
    case BPF_TRACE_ITER:
      return EXIT_0_1;
    case BPF_TRACE_MAP:
      return EXIT_BY_TARGET;
    default:
      return EXIT_REFUSED;
  }
}

/** The shape that every context of typed arguments has: aligned reads of at most twelve 8-byte slots. */
export const TYPED_ARGS_SHAPE: ProgTypeRow["ctxAccess"] = rowsAccess([{ from: 0, to: ARGS_SIZE, read: NARROW_8 }]);

/**
 * Programs attached to kernel functions, tracepoints and iterators. What an argument is, the attach target's BTF says.
 *
 * @see v6.18 kernel/trace/bpf_trace.c, tracing_prog_is_valid_access; include/linux/bpf.h, bpf_tracing_ctx_access
 */
export const TRACING: ProgTypeRow = {
  id: BPF_PROG_TYPE_TRACING,
  name: "tracing",
  ctxAccess: TYPED_ARGS_SHAPE,
  plainContext: true,
  btfContext: true,
  exitRule: (facts) => exitRule(facts.expectedAttachType),
  sleepable: (attachType) =>
    attachType === BPF_TRACE_FENTRY ||
    attachType === BPF_TRACE_FEXIT ||
    attachType === BPF_MODIFY_RETURN ||
    attachType === BPF_TRACE_ITER,
  perfmon: true,
  testRun: "tracing",
};
