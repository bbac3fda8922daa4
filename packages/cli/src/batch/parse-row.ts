import { BPF_MAP_TYPE_UNSPEC, MAX_BPF_MAP_TYPE } from "@bpf-ts/uapi/map-types";
import { CliError } from "../error.ts";
import type { BatchInfo, BatchLoad, BatchMap, BatchRow } from "./row.ts";

type Json = Readonly<Record<string, unknown>>;

const U32_MAX = 0xffffffff;

/**
 * A line as a row. Members that are not known are let pass: the corpus records more than a verifier needs.
 *
 * @throws CliError ROW, saying which member is wrong
 */
export function parseRow(line: string): BatchRow {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new CliError("ROW", `no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const row = object(value, "the line");
  const maps = array(row["maps"] ?? [], "maps").map((map, i) => parseMap(object(map, `maps[${i}]`), `maps[${i}]`));
  maps.forEach(({ inner_map }, i) => {
    if (inner_map !== undefined && inner_map >= maps.length)
      throw wrong(`maps[${i}].inner_map`, `an index below ${maps.length}`, inner_map);
  });
  return {
    id: string(row["id"], "id"),
    load: parseLoad(object(row["load"], "load"), maps.length),
    maps,
    ...optional(row, "log_level", "", u32),
  };
}

function parseLoad(load: Json, mapCount: number): BatchLoad {
  const insns = string(load["insns"], "load.insns");
  const refs = array(load["map_refs"] ?? [], "load.map_refs").map((ref, i): [number, number] => {
    const what = `load.map_refs[${i}]`;
    const pair = array(ref, what);
    if (pair.length !== 2) throw wrong(what, "a pair", ref);
    const slot = u32(pair[0], `${what}[0]`);
    const map = u32(pair[1], `${what}[1]`);
    if (slot >= Math.floor(insns.length / 16)) throw wrong(`${what}[0]`, "a slot of the program", slot);
    if (map >= mapCount) throw wrong(`${what}[1]`, `an index below ${mapCount}, the number of maps`, map);
    return [slot, map];
  });
  return {
    prog_type: u32(load["prog_type"], "load.prog_type"),
    license: string(load["license"], "load.license"),
    insns,
    map_refs: refs,
    ...optional(load, "expected_attach_type", "load.", u32),
    ...optional(load, "prog_flags", "load.", u32),
    ...optional(load, "prog_name", "load.", string),
    ...optional(load, "kern_version", "load.", u32),
    ...optional(load, "insn_cnt", "load.", u32),
    ...optional(load, "btf", "load.", btfName),
    ...optional(load, "func_info", "load.", parseInfo),
    ...optional(load, "line_info", "load.", parseInfo),
    ...optional(load, "attach_btf_id", "load.", u32),
  };
}

function parseMap(map: Json, what: string): BatchMap {
  const at = `${what}.`;
  return {
    type: mapType(map["type"], `${at}type`),
    key_size: u32(map["key_size"], `${at}key_size`),
    value_size: u32(map["value_size"], `${at}value_size`),
    max_entries: u32(map["max_entries"], `${at}max_entries`),
    ...optional(map, "name", at, string),
    ...optional(map, "map_flags", at, u32),
    ...optional(map, "map_extra", at, hexNumber),
    ...optional(map, "btf", at, btfName),
    ...optional(map, "btf_key_type_id", at, u32),
    ...optional(map, "btf_value_type_id", at, u32),
    ...optional(map, "btf_vmlinux_value_type_id", at, u32),
    ...optional(map, "inner_map", at, u32),
    ...optional(map, "init_key", at, string),
    ...optional(map, "init", at, string),
    ...optional(map, "frozen", at, boolean),
  };
}

function mapType(value: unknown, what: string): number {
  const type = u32(value, what);
  if (type === BPF_MAP_TYPE_UNSPEC || type >= MAX_BPF_MAP_TYPE)
    throw wrong(what, `a map type, 1..${MAX_BPF_MAP_TYPE - 1}`, value);
  return type;
}

function parseInfo(value: unknown, what: string): BatchInfo {
  const info = object(value, what);
  return {
    rec_size: u32(info["rec_size"], `${what}.rec_size`),
    cnt: u32(info["cnt"], `${what}.cnt`),
    hex: string(info["hex"], `${what}.hex`),
  };
}

/** `{ [name]: value }`, or nothing if the member is missing or null. */
function optional<N extends string, T>(
  from: Json,
  name: N,
  prefix: string,
  read: (value: unknown, what: string) => T,
): { [K in N]?: T } {
  const value = from[name];
  if (value === undefined || value === null) return {};
  return { [name]: read(value, `${prefix}${name}`) } as { [K in N]?: T };
}

function wrong(what: string, expected: string, got: unknown): CliError {
  const text = got === undefined ? "nothing" : JSON.stringify(got);
  return new CliError("ROW", `${what}: expected ${expected}, got ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`);
}

function object(value: unknown, what: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(what, "an object", value);
  return value as Json;
}

function array(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(what, "an array", value);
  return value;
}

function string(value: unknown, what: string): string {
  if (typeof value !== "string") throw wrong(what, "a string", value);
  return value;
}

function boolean(value: unknown, what: string): boolean {
  if (typeof value !== "boolean") throw wrong(what, "true or false", value);
  return value;
}

function u32(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > U32_MAX)
    throw wrong(what, `an integer 0..${U32_MAX}`, value);
  return value;
}

function hexNumber(value: unknown, what: string): string {
  const digits = string(value, what);
  if (!/^(0x)?[0-9a-fA-F]{1,16}$/.test(digits)) throw wrong(what, "a hexadecimal number of 64 bits", value);
  return digits;
}

/** A file's name, and nothing that leads out of its folder. */
function btfName(value: unknown, what: string): string {
  const name = string(value, what);
  if (name === "" || name === "." || name === ".." || /[/\\\0]/.test(name)) throw wrong(what, "a file's name", value);
  return name;
}
