import type { Bpf } from "@bpf-ts/uapi";
import type { BpfLink } from "../load/bpf-link.ts";
import type { BpfProgram } from "../load/bpf-program.ts";
import { linkToEvent } from "./perf-event.ts";

/** Attaches a program to a tracepoint, e.g. `syscalls`, `sys_enter_openat`. */
export function attachTracepoint(bpf: Bpf, program: BpfProgram, category: string, name: string): BpfLink {
  return linkToEvent(bpf, program, bpf.perfEventOpen({ kind: "tracepoint", category, name }));
}
