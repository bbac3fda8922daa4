import { type Bpf, UnsupportedError } from "@bpf-ts/uapi";
import { LibbpfError } from "../error.ts";
import type { BpfLink } from "../load/bpf-link.ts";
import type { BpfMap } from "../load/bpf-map.ts";
import type { BpfProgram } from "../load/bpf-program.ts";
import { attachIterator } from "./iterator.ts";
import { attachKprobe } from "./kprobe.ts";
import { attachMapTraceBySection } from "./map-trace.ts";
import { attachRawTracepoint } from "./raw-tracepoint.ts";
import { attachTrace } from "./trace.ts";
import { attachTracepoint } from "./tracepoint.ts";

/** Attaches a program to what its section's name says. @throws LibbpfError ATTACH; UnsupportedError */
export function attachProgram(bpf: Bpf, program: BpfProgram, maps: ReadonlyMap<string, BpfMap>): BpfLink {
  const { attachKind, attachTarget, section, sectionDef } = program.spec;
  const retprobe = sectionDef?.name.startsWith("kret") ?? false;
  if (attachKind === "none" || attachTarget === "")
    throw new LibbpfError("ATTACH", `program ${program.name}: section "${section}" does not say what to attach it to`);
  switch (attachKind) {
    case "kprobe":
      return attachKprobe(bpf, program, { ...functionAndOffset(program), retprobe });
    case "ksyscall":
      return attachKprobe(bpf, program, { func: `__x64_sys_${attachTarget}`, retprobe });
    case "trace":
      return attachTrace(bpf, program);
    case "raw-tracepoint":
      return attachRawTracepoint(bpf, program, attachTarget);
    case "tracepoint":
      return attachTracepoint(bpf, program, ...categoryAndName(program));
    case "iter":
      return attachIterator(bpf, program, {});
    case "map-trace":
      return attachMapTraceBySection(bpf, program, maps);
    case "kprobe-multi":
    case "uprobe":
    case "uprobe-multi":
    case "usdt":
    case "lsm":
      throw new UnsupportedError(`attaching ${attachKind} programs`, {
        detail: `program ${program.name}`,
        details: { program: program.name },
      });
  }
}

/** `func` or `func+offset` (decimal or 0x…). */
function functionAndOffset(program: BpfProgram): { func: string; offset: number } {
  const match = /^([A-Za-z0-9_.]+)(?:\+(0x[0-9a-fA-F]+|\d+))?$/.exec(program.spec.attachTarget);
  if (match === null)
    throw new LibbpfError(
      "ATTACH",
      `program ${program.name}: "${program.spec.attachTarget}" is no function or function+offset`,
    );
  return { func: match[1]!, offset: match[2] === undefined ? 0 : Number(match[2]) };
}

function categoryAndName(program: BpfProgram): [string, string] {
  const [category, name, ...rest] = program.spec.attachTarget.split("/");
  if (category === undefined || name === undefined || category === "" || name === "" || rest.length > 0)
    throw new LibbpfError(
      "ATTACH",
      `program ${program.name}: "${program.spec.attachTarget}" is no category/name of a tracepoint`,
    );
  return [category, name];
}
