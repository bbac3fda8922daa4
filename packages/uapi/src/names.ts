/**
 * Names of the numbered things of bpf(2), as libbpf and bpftool print them: the constant without its prefix, in lower case (`xdp`,
 * `percpu_hash`, `cgroup_inet_ingress`). A number without a name gives `unknown(N)`.
 */
import {
  ATTACH_TYPE_NAMES,
  COMMAND_NAMES,
  HELPER_NAMES,
  LINK_TYPE_NAMES,
  MAP_TYPE_NAMES,
  PROG_TYPE_NAMES,
} from "./generated/name-tables.ts";
import { BPF_LINK_TYPE_MAP_TRACE, BPF_TRACE_MAP } from "./map-trace.ts";

function nameIn(table: readonly string[], value: number): string {
  return table[value] || `unknown(${value})`;
}

function valueIn(table: readonly string[], name: string): number | undefined {
  const value = name === "" ? -1 : table.indexOf(name);
  return value < 0 ? undefined : value;
}

/** The name of a `BPF_PROG_TYPE_*`, e.g. `sched_cls`. */
export function progTypeName(type: number): string {
  return nameIn(PROG_TYPE_NAMES, type);
}

/** The `BPF_PROG_TYPE_*` of a name that {@link progTypeName} gives. */
export function progTypeByName(name: string): number | undefined {
  return valueIn(PROG_TYPE_NAMES, name);
}

/** The name of a `BPF_MAP_TYPE_*`, e.g. `lru_hash`. */
export function mapTypeName(type: number): string {
  return nameIn(MAP_TYPE_NAMES, type);
}

/** The `BPF_MAP_TYPE_*` of a name that {@link mapTypeName} gives. */
export function mapTypeByName(name: string): number | undefined {
  return valueIn(MAP_TYPE_NAMES, name);
}

/** The name of an attach type, e.g. `trace_fentry`; `trace_map` for the one that Linux does not have. */
export function attachTypeName(type: number): string {
  return type === BPF_TRACE_MAP ? "trace_map" : nameIn(ATTACH_TYPE_NAMES, type);
}

/** The attach type of a name that {@link attachTypeName} gives. */
export function attachTypeByName(name: string): number | undefined {
  return name === "trace_map" ? BPF_TRACE_MAP : valueIn(ATTACH_TYPE_NAMES, name);
}

/** The name of a `BPF_LINK_TYPE_*`, e.g. `raw_tracepoint`; `map_trace` for the one that Linux does not have. */
export function linkTypeName(type: number): string {
  return type === BPF_LINK_TYPE_MAP_TRACE ? "map_trace" : nameIn(LINK_TYPE_NAMES, type);
}

/** The name of a command of bpf(2), e.g. `map_lookup_elem`. */
export function commandName(command: number): string {
  return nameIn(COMMAND_NAMES, command);
}

/** A helper's name with its `bpf_`, as logs and disassembly show it, e.g. `bpf_map_lookup_elem`; `bpf_unspec` for 0. */
export function helperName(id: number): string {
  const name = HELPER_NAMES[id];
  return name === undefined ? `unknown(${id})` : `bpf_${name}`;
}

/** The `BPF_FUNC_*` id of a helper's name with its `bpf_`, as {@link helperName} gives it. */
export function helperIdByName(name: string): number | undefined {
  return name.startsWith("bpf_") ? valueIn(HELPER_NAMES, name.slice(4)) : undefined;
}
