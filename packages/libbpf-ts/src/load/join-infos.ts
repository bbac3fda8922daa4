import type { RawInfo } from "@bpf-ts/uapi";
import { LibbpfError } from "../error.ts";
import type { FunctionSpec } from "../spec/program-spec.ts";

/**
 * The records of all parts of a program in one table; their offsets (first word, slots) then count from the program's start. Undefined if the
 * program's own function has none.
 *
 * @param startOf first slot of each part in the program
 * @throws LibbpfError BTF_INVALID if the program has records and one of its subprograms has none
 * @see v6.12 tools/lib/bpf/libbpf.c, reloc_prog_func_and_line_info
 */
export function joinInfos(
  parts: readonly FunctionSpec[],
  startOf: ReadonlyMap<FunctionSpec, number>,
  what: "funcInfo" | "lineInfo",
): RawInfo | undefined {
  const [main] = parts;
  if (main?.[what] === undefined) return undefined;
  const { recSize } = main[what];
  const infos = parts.map((part) => {
    const info = part[what];
    if (info === undefined || info.recSize !== recSize)
      throw new LibbpfError(
        "BTF_INVALID",
        `function ${part.name}: no ${what === "funcInfo" ? "function" : "line"} records in .BTF.ext, though ${main.name}, which it belongs to, has them`,
      );
    return { bytes: info.bytes, start: startOf.get(part)! };
  });
  const bytes = new Uint8Array(infos.reduce((sum, info) => sum + info.bytes.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const info of infos) {
    bytes.set(info.bytes, at);
    for (const end = at + info.bytes.length; at < end; at += recSize)
      view.setUint32(at, view.getUint32(at, true) + info.start, true);
  }
  return { recSize, bytes };
}
