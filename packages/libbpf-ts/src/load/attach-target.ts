import { Btf } from "@bpf-ts/btf";
import type { Bpf } from "@bpf-ts/uapi";
import { UnsupportedError } from "@bpf-ts/uapi";
import { BPF_LSM_CGROUP, BPF_LSM_MAC, BPF_TRACE_ITER, BPF_TRACE_RAW_TP } from "@bpf-ts/uapi/attach-types";
import { BPF_TRACE_MAP } from "@bpf-ts/uapi/map-trace";
import { BPF_PROG_TYPE_EXT } from "@bpf-ts/uapi/prog-types";
import { LibbpfError } from "../error.ts";
import type { ProgramSpec } from "../spec/program-spec.ts";

/** The operation names of `map_trace/<map>/<operation>`, as the hook functions spell them. */
const MAP_TRACE_HOOK = "bpf_map_trace__BPF_MAP_TRACE_";

/** `map_trace/<map>/<operation>`, taken apart at the last `/`: map names have none. @throws LibbpfError LOAD */
export function mapTraceTarget(program: ProgramSpec): { map: string; operation: string } {
  const at = program.attachTarget.lastIndexOf("/");
  if (at <= 0 || at === program.attachTarget.length - 1) {
    throw new LibbpfError(
      "LOAD",
      `program ${program.name}: section "${program.section}": expected map_trace/<map name>/<operation>`,
    );
  }
  return { map: program.attachTarget.slice(0, at), operation: program.attachTarget.slice(at + 1) };
}

/**
 * The id in the kernel's BTF of what a program attaches to; undefined for programs that name none.
 *
 * @throws LibbpfError LOAD where the kernel has no such function
 */
export function attachBtfId(bpf: Bpf, program: ProgramSpec): number | undefined {
  if (program.sectionDef?.btfTarget !== true) return undefined;
  if (program.progType === BPF_PROG_TYPE_EXT)
    throw new UnsupportedError("freplace: programs that replace another program's function");
  const { kind, name } = btfName(program);
  const id = Btf.parse(bpf.kernelBtf()).findByName(name, kind);
  if (id === undefined) {
    const hint = program.attachType === BPF_TRACE_MAP ? ": not a map operation that can be traced" : "";
    throw new LibbpfError("LOAD", `program ${program.name}: ${kind} '${name}' is not found in the kernel's BTF${hint}`);
  }
  return id;
}

function btfName(program: ProgramSpec): { kind: "func" | "typedef"; name: string } {
  const target = program.attachTarget;
  switch (program.attachType) {
    case BPF_TRACE_RAW_TP:
      return { kind: "typedef", name: `btf_trace_${target}` };
    case BPF_LSM_MAC:
    case BPF_LSM_CGROUP:
      return { kind: "func", name: `bpf_lsm_${target}` };
    case BPF_TRACE_ITER:
      return { kind: "func", name: `bpf_iter_${target}` };
    case BPF_TRACE_MAP:
      return { kind: "func", name: `${MAP_TRACE_HOOK}${mapTraceTarget(program).operation}` };
    default:
      return { kind: "func", name: target };
  }
}
