import type { Bpf } from "@bpf-ts/uapi";
import { LibbpfError } from "../error.ts";
import type { BpfLink } from "../load/bpf-link.ts";
import type { BpfProgram } from "../load/bpf-program.ts";
import { linkToEvent } from "./kprobe.ts";

/** Attaches a program to the tracepoint `category/name` that its section says. @throws LibbpfError ATTACH */
export function attachTracepoint(bpf: Bpf, program: BpfProgram): BpfLink {
  const [category, name, ...rest] = program.spec.attachTarget.split("/");
  if (category === undefined || name === undefined || category === "" || name === "" || rest.length > 0) {
    throw new LibbpfError(
      "ATTACH",
      `program ${program.name}: "${program.spec.attachTarget}" is no category/name of a tracepoint`,
    );
  }
  return linkToEvent(bpf, program, bpf.perfEventOpen({ kind: "tracepoint", category, name }));
}
