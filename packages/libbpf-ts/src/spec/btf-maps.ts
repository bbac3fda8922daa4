import { BTF_VAR_GLOBAL_EXTERN, type Btf, type BtfMember, type BtfStruct } from "@bpf-ts/btf";
import { BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS, BPF_MAP_TYPE_PROG_ARRAY } from "@bpf-ts/uapi/map-types";
import { LibbpfError } from "../error.ts";
import type { MapSpec } from "./map-spec.ts";
import { kernelName } from "./names.ts";

/** `LIBBPF_PIN_BY_NAME`. */
export const PIN_BY_NAME = 1;

/** A BTF-defined map, where it lies, and where in it its `values` array is. */
export interface BtfMapDef {
  map: MapSpec;
  /** Bytes from the start of section `.maps`. */
  offset: number;
  /** Bytes of the definition, initial values included. */
  size: number;
  /** Bytes from the definition's start. */
  valuesOffset: number | undefined;
}

/**
 * Maps of section `.maps`: each variable is a struct whose members' types carry the definition.
 *
 * @param sectionSize bytes of the section
 * @throws LibbpfError MAP_INVALID; BtfError for types without a size
 * @see v6.12 tools/lib/bpf/libbpf.c, bpf_object__init_user_btf_map, parse_btf_map_def
 */
export function readBtfMaps(btf: Btf, sectionSize: number): BtfMapDef[] {
  const sectionId = btf.findByName(".maps", "datasec");
  const section = sectionId === undefined ? undefined : btf.type(sectionId);
  if (section?.kind !== "datasec")
    throw new LibbpfError("MAP_INVALID", "section .maps: the object's BTF does not describe it (compile with -g)");
  return section.vars.map(({ type, offset, size }) => {
    const variable = btf.type(type);
    if (variable.kind !== "var")
      throw new LibbpfError("MAP_INVALID", `section .maps: type ${type} is a ${variable.kind}, not a variable`);
    const { name } = variable;
    if (variable.linkage === BTF_VAR_GLOBAL_EXTERN)
      throw new LibbpfError("MAP_INVALID", `map ${name}: declared extern, it must be defined in the object`);
    if (offset + size > sectionSize)
      throw new LibbpfError(
        "MAP_INVALID",
        `map ${name}: bytes ${offset}..${offset + size} lie outside section .maps of ${sectionSize}`,
      );
    const def = btf.type(btf.resolve(variable.type));
    if (def.kind !== "struct")
      throw new LibbpfError("MAP_INVALID", `map ${name}: defined by a ${def.kind}, must be a struct`);
    return { ...readStruct(btf, name, def, false), offset, size };
  });
}

/** What went wrong with one member. */
type Bad = (what: string) => LibbpfError;

function readStruct(
  btf: Btf,
  name: string,
  def: BtfStruct,
  isInner: boolean,
): { map: MapSpec; valuesOffset: number | undefined } {
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
    pinning: 0,
    autocreate: true,
  };
  let valuesOffset: number | undefined;
  for (const member of def.members) {
    const bad: Bad = (what) => new LibbpfError("MAP_INVALID", `map ${name}: member ${member.name}: ${what}`);
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
        map.mapExtra = longOf(btf, member, bad);
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
        if (isInner) throw bad("maps in maps in maps do not exist");
        if (member !== def.members.at(-1)) throw bad("must be the last member");
        map.valueSize = checkedSize(map.valueSize, 4, bad);
        readValues(btf, name, map, member, bad);
        valuesOffset = member.bitOffset / 8;
        break;
      case "pinning":
        if (isInner) throw bad("the template of a map-in-map cannot be pinned");
        map.pinning = numberOf(btf, member, bad);
        if (map.pinning !== 0 && map.pinning !== PIN_BY_NAME)
          throw bad(`${map.pinning}: allowed are 0 (none) and ${PIN_BY_NAME} (by name)`);
        break;
      default:
        throw bad("unknown member of a map definition");
    }
  }
  if (map.type === 0) throw new LibbpfError("MAP_INVALID", `map ${name}: no type`);
  return { map, valuesOffset };
}

/** `__uint(name, n)`: a pointer to an array of n elements. */
function numberOf(btf: Btf, member: BtfMember, bad: Bad): number {
  const pointer = btf.type(btf.resolve(member.type));
  if (pointer.kind === "ptr") {
    const array = btf.type(pointer.type);
    if (array.kind === "array") return array.length;
  }
  throw bad("expected __uint(…): a pointer to an array whose length is the number");
}

/** `__ulong(name, n)`: an enum of one value, which may need 64 bits; or as `__uint`. */
function longOf(btf: Btf, member: BtfMember, bad: Bad): bigint {
  const type = btf.type(btf.resolve(member.type));
  if (type.kind === "ptr") return BigInt(numberOf(btf, member, bad));
  if ((type.kind !== "enum" && type.kind !== "enum64") || type.values.length !== 1)
    throw bad("expected __ulong(…) or __uint(…): an enum of one value, or a pointer to an array");
  return BigInt.asUintN(64, BigInt(type.values[0]!.value));
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
    map.inner = readStruct(btf, `${name}.inner`, element, true).map;
  } else if (map.type === BPF_MAP_TYPE_PROG_ARRAY) {
    if (element.kind !== "func_proto") throw bad("expected pointers to functions");
  } else {
    throw bad("only map-in-map types and PROG_ARRAY, named by `type` before, have initial values");
  }
  map.slots = new Map();
}
