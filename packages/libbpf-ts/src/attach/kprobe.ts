import type { Bpf } from "@bpf-ts/uapi";
import { BPF_PERF_EVENT } from "@bpf-ts/uapi/attach-types";
import { BpfLink } from "../load/bpf-link.ts";
import type { BpfProgram } from "../load/bpf-program.ts";

/** Where a kprobe goes. */
export interface KprobeOptions {
  /** A kernel function. */
  func: string;
  /** Bytes into the function; 0 for its entry. */
  offset?: number;
  /** At the function's return. */
  retprobe?: boolean;
}

/** Attaches a kprobe program to a kernel function. */
export function attachKprobe(bpf: Bpf, program: BpfProgram, options: KprobeOptions): BpfLink {
  const event = bpf.perfEventOpen({
    kind: "kprobe",
    func: options.func,
    offset: options.offset ?? 0,
    retprobe: options.retprobe ?? false,
  });
  return linkToEvent(bpf, program, event);
}

/** Ties a program to a perf event; the link closes the event with itself. */
export function linkToEvent(bpf: Bpf, program: BpfProgram, event: number): BpfLink {
  try {
    return new BpfLink(bpf, bpf.linkCreate({ progFd: program.fd, targetFd: event, attachType: BPF_PERF_EVENT }), [
      event,
    ]);
  } catch (error) {
    bpf.close(event);
    throw error;
  }
}
