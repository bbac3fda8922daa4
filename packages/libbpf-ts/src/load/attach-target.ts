import { Btf } from "@bpf-ts/btf";
import type { Bpf, ProgLoadAttr } from "@bpf-ts/uapi";
import { BPF_LSM_CGROUP, BPF_LSM_MAC, BPF_TRACE_ITER, BPF_TRACE_RAW_TP } from "@bpf-ts/uapi/attach-types";
import { ESRCH } from "@bpf-ts/uapi/errno";
import { BPF_TRACE_MAP } from "@bpf-ts/uapi/map-trace";
import { BPF_PROG_TYPE_EXT, BPF_PROG_TYPE_LSM, BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import { LibbpfError } from "../error.ts";
import type { ProgramSpec } from "../spec/program-spec.ts";

/** The operation names of `map_trace/<map>/<operation>`, as the hook functions spell them. */
const MAP_TRACE_HOOK = "bpf_map_trace__BPF_MAP_TRACE_";

/** Program types that attach to something that BTF describes. */
const BTF_ATTACHED: ReadonlySet<number> = new Set([BPF_PROG_TYPE_TRACING, BPF_PROG_TYPE_LSM, BPF_PROG_TYPE_EXT]);

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
 * What a program attaches to, by id in the kernel's BTF, or in that of another program; nothing for programs whose type needs none.
 *
 * @param kernelBtf the kernel's types
 * @throws LibbpfError LOAD where there is no such function
 * @see v6.12 tools/lib/bpf/libbpf.c, libbpf_find_attach_btf_id
 */
export function attachTarget(
  bpf: Bpf | undefined,
  program: ProgramSpec,
  kernelBtf: () => Btf,
): Pick<ProgLoadAttr, "attachBtfId" | "attachProgFd"> {
  if (!BTF_ATTACHED.has(program.progType)) return {};
  if (program.attachTarget === "")
    throw new LibbpfError(
      "LOAD",
      `program ${program.name}: section "${program.section}" does not say what it attaches to: set attachTarget`,
    );
  const { attachProgFd } = program;
  if (attachProgFd !== undefined) {
    if (bpf === undefined) throw new LibbpfError("LOAD", `program ${program.name}: attachProgFd needs a kernel`);
    const id = programBtf(bpf, attachProgFd, program).findByName(program.attachTarget, "func");
    if (id !== undefined) return { attachBtfId: id, attachProgFd };
    throw new LibbpfError(
      "LOAD",
      `program ${program.name}: the program behind fd ${attachProgFd} has no function "${program.attachTarget}"`,
    );
  }
  if (program.progType === BPF_PROG_TYPE_EXT)
    throw new LibbpfError(
      "LOAD",
      `program ${program.name}: replaces a function of another program: set attachProgFd to that program's`,
    );
  const { kind, name } = btfName(program);
  const id = kernelBtf().findByName(name, kind);
  if (id !== undefined) return { attachBtfId: id };
  const hint = program.attachType === BPF_TRACE_MAP ? ": not a map operation that can be traced" : "";
  throw new LibbpfError("LOAD", `program ${program.name}: ${kind} '${name}' is not found in the kernel's BTF${hint}`, {
    errno: ESRCH,
  });
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

/** Types of a loaded program. */
function programBtf(bpf: Bpf, progFd: number, program: ProgramSpec): Btf {
  const prog = bpf.objGetInfo(progFd);
  if (prog.kind !== "prog" || prog.btfId === 0)
    throw new LibbpfError("LOAD", `program ${program.name}: fd ${progFd} is no program with BTF to attach to`);
  const fd = bpf.getFdById("btf", prog.btfId);
  try {
    const btf = bpf.objGetInfo(fd);
    if (btf.kind !== "btf") throw new Error(`fd ${fd} is a ${btf.kind}, expected BTF`);
    return Btf.parse(btf.data);
  } finally {
    bpf.close(fd);
  }
}
