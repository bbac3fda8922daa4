import { BPF_PROG_TYPE_TRACEPOINT } from "@bpf-ts/uapi/prog-types";
import type { CtxAccess, CtxField, ProgFacts } from "../types.ts";
import { EXIT_ANY } from "./exit.ts";
import type { ProgTypeRow } from "./types.ts";

/** PERF_MAX_TRACE_SIZE, bytes. */
const MAX_TRACE_SIZE = 8192;

/**
 * The record behind its 8-byte header. Linux compares the offset with an unsigned 8, so that it lets negative offsets pass as well; this
 * follows it, and whoever runs such a program meets the machine's own memory checks.
 *
 * @see v6.18 kernel/trace/bpf_trace.c, tp_prog_is_valid_access
 */
function tracepointAccess(_facts: ProgFacts, access: CtxAccess): CtxField | undefined {
  const { off, size, write } = access;
  if ((off >= 0 && off < 8) || off >= MAX_TRACE_SIZE || write || off % size !== 0) return undefined;
  return {};
}

/** Static tracepoints. */
export const TRACEPOINT: ProgTypeRow = {
  id: BPF_PROG_TYPE_TRACEPOINT,
  name: "tracepoint",
  ctxStruct: "__u64",
  ctxAccess: tracepointAccess,
  plainContext: true,
  exitRule: () => EXIT_ANY,
  perfmon: true,
};
