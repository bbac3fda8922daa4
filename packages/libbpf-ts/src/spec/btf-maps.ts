import type { Btf, BtfMember, BtfStruct } from "@bpf-ts/btf";
import { BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS, BPF_MAP_TYPE_PROG_ARRAY } from "@bpf-ts/uapi/map-types";
import { LibbpfError } from "../error.ts";
import { kernelName } from "./legacy-maps.ts";
import type { MapSpec } from "./map-spec.ts";

/** `LIBBPF_PIN_BY_NAME`. */
const PIN_BY_NAME = 1;

/** A BTF-defined map: its spec, and the byte offset of its `values` array in the struct, where it has one. */
export interface BtfMapDef {
  map: MapSpec;
  /** Bytes from the start of section `.maps`. */
  offset: number;
  valuesOffset: number | undefined;
}

/**
 * Maps of section `.maps`: each variable is a struct whose members' types carry the definition.
 *
 * @throws LibbpfError MAP_INVALID
 * @see v6.12 tools/lib/bpf/libbpf.c, parse_btf_map_def
 */
export function readBtfMaps(btf: Btf): BtfMapDef[] {
  const sectionId = btf.findByName(".maps", "datasec");
  const section = sectionId === undefined ? undefined : btf.type(sectionId);
  if (section?.kind !== "datasec") {
    throw new LibbpfError("MAP_INVALID", "section .maps: the object's BTF does not describe it (compile with -g)");
  }
  return section.vars.map(({ type, offset }) => {
    const variable = btf.type(type);
    if (variable.kind !== "var")
      throw new LibbpfError("MAP_INVALID", `section .maps: type ${type} is a ${variable.kind}, not a variable`);
    return { ...readDefinition(btf, variable.name, variable.type), offset };
  });
}

function readDefinition(btf: Btf, name: string, typeId: number): { map: MapSpec; valuesOffset: number | undefined } {
  const def = btf.type(btf.resolve(typeId));
  if (def.kind !== "struct")
    throw new LibbpfError("MAP_INVALID", `map ${name}: defined by a ${def.kind}, must be a struct`);
  return readStruct(btf, name, def);
}

function readStruct(btf: Btf, name: string, def: BtfStruct): { map: MapSpec; valuesOffset: number | undefined } {
  const map: MapSpec = {
    declaredName: name,
    name: kernelName(name),
    origin: "btf",
    type: 0,
    keySize: 0,
    valueSize: 0,
    maxEntries: 0,
    mapFlags: 0,
    keyTypeId: 0,
    valueTypeId: 0,
  };
  let valuesOffset: number | undefined;
  for (const member of def.members) {
    const bad = (what: string): LibbpfError =>
      new LibbpfError("MAP_INVALID", `map ${name}: member ${member.name}: ${what}`);
    switch (member.name) {
      case "type":
        map.type = numberOf(btf, member, bad);
        break;
      case "max_entries":
        map.maxEntries = numberOf(btf, member, bad);
        break;
      case "map_flags":
        map.mapFlags = numberOf(btf, member, bad);
        break;
      case "map_extra":
        map.mapExtra = BigInt(numberOf(btf, member, bad));
        break;
      case "numa_node":
        map.numaNode = numberOf(btf, member, bad);
        break;
      case "key_size":
        map.keySize = checkedSize(map.keySize, numberOf(btf, member, bad), bad);
        break;
      case "value_size":
        map.valueSize = checkedSize(map.valueSize, numberOf(btf, member, bad), bad);
        break;
      case "key":
        map.keyTypeId = pointee(btf, member, bad);
        map.keySize = checkedSize(map.keySize, btf.sizeOf(map.keyTypeId), bad);
        break;
      case "value":
        map.valueTypeId = pointee(btf, member, bad);
        map.valueSize = checkedSize(map.valueSize, btf.sizeOf(map.valueTypeId), bad);
        break;
      case "values":
        readValues(btf, name, map, member, bad);
        valuesOffset = member.bitOffset / 8;
        break;
      case "pinning": {
        const pinning = numberOf(btf, member, bad);
        if (pinning === PIN_BY_NAME) {
          throw new LibbpfError("MAP_INVALID", `unsupported: pinning (map ${name} asks for LIBBPF_PIN_BY_NAME)`);
        }
        if (pinning !== 0) throw bad(`pinning ${pinning}: allowed are 0 (none) and ${PIN_BY_NAME} (by name)`);
        break;
      }
      default:
        throw bad("unknown member of a map definition");
    }
  }
  if (map.type === 0) throw new LibbpfError("MAP_INVALID", `map ${name}: no type`);
  return { map, valuesOffset };
}

type Bad = (what: string) => LibbpfError;

/** `__uint(name, n)`: a pointer to an array of n elements. */
function numberOf(btf: Btf, member: BtfMember, bad: Bad): number {
  const pointer = btf.type(btf.resolve(member.type));
  if (pointer.kind === "ptr") {
    const array = btf.type(btf.resolve(pointer.type));
    if (array.kind === "array") return array.length;
  }
  if (pointer.kind === "enum" && pointer.values.length === 1) return pointer.values[0]!.value >>> 0;
  throw bad("expected __uint(…): a pointer to an array whose length is the number");
}

/** `__type(name, T)`: a pointer to T. */
function pointee(btf: Btf, member: BtfMember, bad: Bad): number {
  const pointer = btf.type(btf.resolve(member.type));
  if (pointer.kind !== "ptr") throw bad("expected __type(…): a pointer to the type");
  return pointer.type;
}

function checkedSize(before: number, now: number, bad: Bad): number {
  if (before !== 0 && before !== now) throw bad(`size ${now} contradicts ${before} given before`);
  return now;
}

/** `__array(values, T)`: T is a map's struct (map-in-map) or a function (PROG_ARRAY). */
function readValues(btf: Btf, name: string, map: MapSpec, member: BtfMember, bad: Bad): void {
  const array = btf.type(btf.resolve(member.type));
  if (array.kind !== "array" || array.length !== 0) throw bad("expected a flexible array");
  const pointer = btf.type(btf.resolve(array.type));
  if (pointer.kind !== "ptr") throw bad("expected an array of pointers");
  const element = btf.type(btf.resolve(pointer.type));
  if (map.type === BPF_MAP_TYPE_ARRAY_OF_MAPS || map.type === BPF_MAP_TYPE_HASH_OF_MAPS) {
    if (element.kind !== "struct") throw bad("expected pointers to a map definition");
    map.inner = { ...readStruct(btf, `${name}.inner`, element).map, name: kernelName(`${name}.inner`) };
    map.valueSize = 4;
  } else if (map.type === BPF_MAP_TYPE_PROG_ARRAY) {
    if (element.kind !== "func_proto") throw bad("expected pointers to functions");
    map.valueSize = 4;
  } else {
    throw bad("only map-in-map types and PROG_ARRAY have initial values");
  }
  map.slots ??= new Map();
}
