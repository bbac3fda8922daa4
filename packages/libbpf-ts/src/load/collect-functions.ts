import { UnsupportedError } from "@bpf-ts/uapi";
import { LibbpfError } from "../error.ts";
import type { ExternKind, FunctionSpec, ProgramSpec, Reference } from "../spec/program-spec.ts";

const EXTERN_FEATURES: Readonly<Record<Exclude<ExternKind, "undefined">, string>> = {
  kconfig: "extern kconfig variables",
  "kernel-variable": "extern kernel variables",
  "kernel-function": "extern kernel functions",
};

/**
 * The functions that a program consists of: itself, then each function that it reaches, once, in the order in which a walk along the code meets
 * them: the order of libbpf, which the verifier's log shows.
 *
 * @throws LibbpfError EXTERN_UNRESOLVED, NOT_FOUND
 * @throws UnsupportedError CO-RE relocations, externs
 * @see v6.12 tools/lib/bpf/libbpf.c, bpf_object__reloc_code
 */
export function collectFunctions(
  program: ProgramSpec,
  functions: ReadonlyMap<string, FunctionSpec>,
): readonly FunctionSpec[] {
  const parts = new Set<FunctionSpec>();
  const walk = (root: FunctionSpec): void => {
    const add = (part: FunctionSpec): Iterator<Reference> => {
      checkLoadable(program, part);
      parts.add(part);
      return part.references.values();
    };
    // What recursion would keep on its stack: hostile objects can nest as deep as they are long.
    const path = [add(root)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.next();
      if (next.done === true) {
        path.pop();
        continue;
      }
      const reference = next.value;
      if (reference.kind !== "call" && reference.kind !== "function") continue;
      const callee = functionOf(program, functions, reference.name);
      if (!parts.has(callee)) path.push(add(callee));
    }
  };
  walk(program.code);
  if (program.exceptionCallback !== undefined) {
    const callback = functionOf(program, functions, program.exceptionCallback);
    if (!parts.has(callback)) walk(callback);
  }
  return [...parts];
}

function functionOf(program: ProgramSpec, functions: ReadonlyMap<string, FunctionSpec>, name: string): FunctionSpec {
  // An alias of the program is the program.
  if (name === program.code.name) return program.code;
  const found = functions.get(name);
  if (found === undefined)
    throw new LibbpfError("NOT_FOUND", `program ${program.name}: function "${name}", which it calls, does not exist`);
  return found;
}

function checkLoadable(program: ProgramSpec, part: FunctionSpec): void {
  const where = part === program.code ? `program ${program.name}` : `function ${part.name} of program ${program.name}`;
  const details = { program: program.name, function: part.name };
  for (const reference of part.references) {
    if (reference.kind === "arena")
      throw new UnsupportedError("global data in an arena", { detail: `${reference.name} in ${where}`, details });
    if (reference.kind !== "extern") continue;
    const { name, extern, isWeak } = reference;
    if (extern !== "undefined")
      throw new UnsupportedError(EXTERN_FEATURES[extern], {
        detail: `${isWeak ? "weak " : ""}${name} in ${where}`,
        details: { ...details, extern: name },
      });
    throw new LibbpfError(
      "EXTERN_UNRESOLVED",
      `${where}: ${isWeak ? "weak " : ""}extern "${name}" is not defined in the object`,
      { details: { ...details, extern: name } },
    );
  }
  if (part.coreRelocations > 0)
    throw new UnsupportedError("CO-RE relocations", {
      detail: `${part.coreRelocations} in ${where}`,
      details: { ...details, count: part.coreRelocations },
    });
}
