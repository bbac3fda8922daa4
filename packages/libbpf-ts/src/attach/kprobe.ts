import type { Bpf } from "@bpf-ts/uapi";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { LibbpfError } from "../error.ts";
import type { BpfLink } from "../load/bpf-link.ts";
import type { BpfProgram } from "../load/bpf-program.ts";
import { linkToEvent } from "./perf-event.ts";

/** Where a kprobe goes. */
export interface KprobeOptions {
  /** A kernel function. */
  func: string;
  /** Bytes into the function; 0 for its entry. */
  offset?: number;
  /** At the function's return. */
  retprobe?: boolean;
}

/** Attaches a kprobe program to a kernel function. @throws LibbpfError ATTACH; BpfError with the kernel's errno */
export function attachKprobe(bpf: Bpf, program: BpfProgram, options: KprobeOptions): BpfLink {
  const { func, offset = 0, retprobe = false } = options;
  if (retprobe && offset !== 0)
    throw new LibbpfError("ATTACH", `program ${program.name}: ${func}+${offset}: a return has no offset`, {
      errno: EINVAL,
    });
  return linkToEvent(bpf, program, bpf.perfEventOpen({ kind: "kprobe", func, offset, retprobe }));
}
