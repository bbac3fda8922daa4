import { BTF_FUNC_GLOBAL, type Btf } from "@bpf-ts/btf";
import { BPF_TRACE_UPROBE_MULTI } from "@bpf-ts/uapi/attach-types";
import { BPF_F_SLEEPABLE, BPF_F_XDP_HAS_FRAGS } from "@bpf-ts/uapi/prog-flags";
import { LibbpfError } from "../error.ts";
import { matchSection } from "../sections/match.ts";
import type { ElfFunction } from "./functions.ts";
import type { FunctionSpec, ProgramSpec } from "./program-spec.ts";

/** The section of code that is no program of its own. */
const TEXT = ".text";
/** Tag of a program that names the function to run when it throws. */
const EXCEPTION_CALLBACK = "exception_callback:";

/**
 * The object's programs: functions that are not static, outside of `.text`. An object whose only code is there has programs there.
 *
 * @throws LibbpfError ELF_INVALID, BTF_INVALID
 */
export function readPrograms(functions: readonly ElfFunction[], btf: Btf | undefined): Map<string, ProgramSpec> {
  const programs = new Map<string, ProgramSpec>();
  const own = functions.filter(({ spec }) => spec.section !== TEXT);
  for (const { spec, aliases, isStatic } of own.length > 0 ? own : functions) {
    if (isStatic) continue;
    for (const name of [spec.name, ...aliases]) {
      if (programs.has(name)) throw new LibbpfError("ELF_INVALID", `program ${name} is defined twice`);
      programs.set(name, programOf(name, spec, functions, btf));
    }
  }
  return programs;
}

function programOf(
  name: string,
  code: FunctionSpec,
  functions: readonly ElfFunction[],
  btf: Btf | undefined,
): ProgramSpec {
  const isOptional = code.section.startsWith("?");
  const section = isOptional ? code.section.slice(1) : code.section;
  const match = matchSection(section);
  const exceptionCallback = btf === undefined ? undefined : exceptionCallbackOf(name, functions, btf);
  return {
    name,
    section,
    sectionDef: match?.def,
    progType: match?.def.progType ?? 0,
    // Where the kernel has links to several uprobes, as 6.18, libbpf attaches USDT probes by them.
    attachType: match?.def.attach === "usdt" ? BPF_TRACE_UPROBE_MULTI : (match?.def.attachType ?? 0),
    attachKind: match?.def.attach ?? "none",
    attachTarget: match?.target ?? "",
    progFlags:
      (match?.def.sleepable === true ? BPF_F_SLEEPABLE : 0) | (match?.def.xdpFrags === true ? BPF_F_XDP_HAS_FRAGS : 0),
    autoload: !isOptional,
    autoattach: true,
    code,
    ...(exceptionCallback === undefined ? {} : { exceptionCallback }),
  };
}

/** @see v6.12 tools/lib/bpf/libbpf.c, bpf_prog_assign_exc_cb */
function exceptionCallbackOf(name: string, functions: readonly ElfFunction[], btf: Btf): string | undefined {
  const id = btf.findByName(name, "func");
  if (id === undefined || btf.vlenOf(id) !== BTF_FUNC_GLOBAL) return undefined;
  const tags = btf.declTags(id, -1).filter((tag) => tag.name.startsWith(EXCEPTION_CALLBACK));
  // Of several the kernel complains itself.
  if (tags.length !== 1) return undefined;
  const callback = tags[0]!.name.slice(EXCEPTION_CALLBACK.length);
  const found = functions.find(({ spec }) => spec.name === callback && spec.section === TEXT);
  if (found === undefined || found.isStatic)
    throw new LibbpfError(
      "BTF_INVALID",
      `program ${name}: its exception callback "${callback}" is no global function of section ${TEXT}`,
    );
  return callback;
}
