import type { Bpf } from "@bpf-ts/uapi";
import { BPF_PERF_EVENT } from "@bpf-ts/uapi/attach-types";
import { BpfLink } from "../load/bpf-link.ts";
import type { BpfProgram } from "../load/bpf-program.ts";

/** Ties a program to a perf event; the link closes the event with itself. */
export function linkToEvent(bpf: Bpf, program: BpfProgram, event: number): BpfLink {
  try {
    const link = bpf.linkCreate({ progFd: program.fd, targetFd: event, attachType: BPF_PERF_EVENT });
    return new BpfLink(bpf, link, [event]);
  } catch (error) {
    bpf.close(event);
    throw error;
  }
}
