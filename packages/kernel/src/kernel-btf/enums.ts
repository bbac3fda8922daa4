import type { BtfBuilder } from "@bpf-ts/btf";
import * as attachTypes from "@bpf-ts/uapi/attach-types";
import * as helperFlags from "@bpf-ts/uapi/helper-flags";
import * as linkTypes from "@bpf-ts/uapi/link-types";
import * as mapFlags from "@bpf-ts/uapi/map-flags";
import * as mapTrace from "@bpf-ts/uapi/map-trace";
import * as mapTypes from "@bpf-ts/uapi/map-types";
import * as progTypes from "@bpf-ts/uapi/prog-types";
import * as returnCodes from "@bpf-ts/uapi/return-codes";

/** The numeric constants of a module of `uapi`, by value: bundlers and engines list a module's exports in different orders. */
function constantsOf(module: object): [string, number][] {
  return Object.entries(module)
    .filter((entry): entry is [string, number] => typeof entry[1] === "number")
    .sort(([nameA, a], [nameB, b]) => a - b || (nameA < nameB ? -1 : 1));
}

/** Ids of enums that other types have members of. */
export interface Enums {
  readonly mapTraceType: number;
}

/**
 * The constants that programs use by name, as enums: `uapi`'s, and map tracing's.
 */
export function addEnums(builder: BtfBuilder): Enums {
  const add = (name: string, constants: readonly [string, number][]): number => {
    const narrow = constants.filter(
      ([, value]) => Number.isInteger(value) && value >= -0x80000000 && value <= 0x7fffffff,
    );
    const id = builder.addEnum(
      name,
      narrow.map(([constant, value]) => ({ name: constant, value })),
    );
    const wide = constants.filter((constant) => !narrow.includes(constant));
    if (wide.length > 0)
      builder.addEnum64(
        "",
        wide.map(([constant, value]) => ({ name: constant, value: BigInt(value) })),
      );
    return id;
  };
  add("", [
    ["false", 0],
    ["true", 1],
  ]);
  add("bpf_map_type", constantsOf(mapTypes));
  add("bpf_prog_type", constantsOf(progTypes));
  add("bpf_attach_type", [...constantsOf(attachTypes), ["BPF_TRACE_MAP", mapTrace.BPF_TRACE_MAP]]);
  add("bpf_link_type", [...constantsOf(linkTypes), ["BPF_LINK_TYPE_MAP_TRACE", mapTrace.BPF_LINK_TYPE_MAP_TRACE]]);
  const mapTraceType = add("bpf_map_trace_type", [
    ["BPF_MAP_TRACE_UPDATE_ELEM", mapTrace.BPF_MAP_TRACE_UPDATE_ELEM],
    ["BPF_MAP_TRACE_DELETE_ELEM", mapTrace.BPF_MAP_TRACE_DELETE_ELEM],
    ["MAX_BPF_MAP_TRACE_TYPE", mapTrace.MAX_BPF_MAP_TRACE_TYPE],
  ]);
  add("", constantsOf(mapFlags));
  // A flag of helpers that some versions of the header also list with the map flags would be defined twice.
  const known = new Set(constantsOf(mapFlags).map(([name]) => name));
  add(
    "",
    constantsOf(helperFlags).filter(([name]) => !known.has(name)),
  );
  const actions = constantsOf(returnCodes);
  add(
    "xdp_action",
    actions.filter(([name]) => name.startsWith("XDP_")),
  );
  add(
    "",
    actions.filter(([name]) => !name.startsWith("XDP_")),
  );
  return { mapTraceType };
}
