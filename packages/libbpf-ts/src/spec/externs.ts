import type { Btf } from "@bpf-ts/btf";
import type { ExternKind } from "./program-spec.ts";

/** What the object's undefined symbols stand for, as its BTF says: sections `.kconfig` and `.ksyms` exist there only. */
export function readExterns(btf: Btf): ReadonlyMap<string, ExternKind> {
  const externs = new Map<string, ExternKind>();
  for (const name of [".kconfig", ".ksyms"]) {
    const id = btf.findByName(name, "datasec");
    const section = id === undefined ? undefined : btf.type(id);
    if (section?.kind !== "datasec") continue;
    for (const { type } of section.vars) {
      const kind =
        name === ".kconfig" ? "kconfig" : btf.kindOf(type) === "func" ? "kernel-function" : "kernel-variable";
      externs.set(btf.nameOf(type), kind);
    }
  }
  return externs;
}
