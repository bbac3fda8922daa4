import { FdArrayMap } from "@bpf-ts/maps";
import type { Executable, Linkage } from "@bpf-ts/vm";
import type { HelperEnv } from "./env.ts";
import { mapOf } from "./map-elem.ts";

/**
 * The machine's hook for `bpf_tail_call`: what lies in an element of a PROG_ARRAY.
 *
 * @see v6.18 kernel/bpf/core.c, ___bpf_prog_run, JMP_TAIL_CALL
 */
export function tailCallHook(k: HelperEnv): NonNullable<Linkage["tailCall"]> {
  return (_run, _ctx, handle, index): Executable | undefined => {
    const { map } = mapOf(k, handle);
    if (!(map instanceof FdArrayMap)) throw new Error("a tail call through a map of no programs");
    const entry = index < map.def.maxEntries ? map.entry(index) : undefined;
    return entry === undefined ? undefined : k.executableOf?.(entry.object);
  };
}
