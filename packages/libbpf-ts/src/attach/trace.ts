import type { Bpf } from "@bpf-ts/uapi";
import { BpfLink } from "../load/bpf-link.ts";
import type { BpfProgram } from "../load/bpf-program.ts";

/** Attaches fentry, fexit, fmod_ret and tp_btf programs: their target was fixed when they were loaded. */
export function attachTrace(bpf: Bpf, program: BpfProgram): BpfLink {
  return new BpfLink(bpf, bpf.linkCreate({ progFd: program.fd, attachType: program.spec.attachType }));
}
