import type { Bpf } from "@bpf-ts/uapi";
import { BpfLink } from "../load/bpf-link.ts";
import type { BpfProgram } from "../load/bpf-program.ts";

/** Attaches a raw tracepoint program. */
export function attachRawTracepoint(bpf: Bpf, program: BpfProgram, name: string): BpfLink {
  return new BpfLink(bpf, bpf.rawTracepointOpen(name, program.fd));
}
