import { BTF_VAR_STATIC, type Btf } from "@bpf-ts/btf";
import { STB_LOCAL, STT_OBJECT } from "../elf/constants.ts";
import type { ElfFile } from "../elf/reader.ts";
import { LibbpfError } from "../error.ts";
import { type ValueCodec, valueCodec } from "../typed/value-codec.ts";
import type { ValueTypes } from "../typed/value-types.ts";
import type { MapSpec } from "./map-spec.ts";

/** Largest section of zeros that is written out because one of its variables is given a value. */
const MAX_CONTENTS = 0x40000000;

/** Where a global variable lies, and what it is. */
export interface VariablePlace {
  /** Its C name; with the place behind it (`name@.bss+0x40`) where an earlier variable has the same. */
  readonly name: string;
  /** Declared name of the map that holds it: its section's. */
  readonly section: string;
  /** Bytes from the start of the map's value. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  /** Type in the object's BTF, 0 for none. */
  readonly typeId: number;
  /** Known inside the object only. */
  readonly isStatic: boolean;
}

/**
 * A global variable of an object, before it is loaded: its initial value can be read and changed. Values are JavaScript values by the variable's
 * BTF type, or bytes.
 */
export class VariableSpec implements VariablePlace {
  readonly name: string;
  readonly section: string;
  readonly offset: number;
  readonly size: number;
  readonly typeId: number;
  readonly isStatic: boolean;
  readonly #map: MapSpec;
  readonly #types: ValueTypes | undefined;
  #codec: ValueCodec | undefined;

  constructor(place: VariablePlace, map: MapSpec, types: ValueTypes | undefined) {
    this.name = place.name;
    this.section = place.section;
    this.offset = place.offset;
    this.size = place.size;
    this.typeId = place.typeId;
    this.isStatic = place.isStatic;
    this.#map = map;
    this.#types = types;
  }

  /** How its values cross between JavaScript and bytes. @throws BtfError for types without values */
  get codec(): ValueCodec {
    this.#codec ??= valueCodec(this.#types, this.typeId, this.size, this.name);
    return this.#codec;
  }

  /** The value that it starts with. */
  get(): unknown {
    const { contents } = this.#map;
    return this.codec.decode(
      contents === undefined ? new Uint8Array(this.size) : contents.slice(this.offset, this.offset + this.size),
    );
  }

  /**
   * Gives it another value to start with. Constants (`const volatile` variables, in `.rodata`) can be set until the object is loaded.
   *
   * @throws LibbpfError VALUE; BtfError BTF_VALUE
   */
  set(value: unknown): this {
    const bytes = this.codec.encode(value);
    if (this.#map.contents === undefined) {
      if (this.#map.valueSize > MAX_CONTENTS)
        throw new LibbpfError(
          "VALUE",
          `${this.name}: section ${this.section} of ${this.#map.valueSize} bytes is too large to be given values (${MAX_CONTENTS})`,
        );
      this.#map.contents = new Uint8Array(this.#map.valueSize);
    }
    this.#map.contents.set(bytes, this.offset);
    return this;
  }
}

/**
 * The global variables of an object's data sections, by name: as BTF describes them, or, for objects without BTF, as symbols do. What lies outside
 * of its section is left out.
 *
 * @param maps of the object, by declared name
 */
export function readVariables(
  elf: ElfFile,
  types: ValueTypes | undefined,
  maps: ReadonlyMap<string, MapSpec>,
): Map<string, VariableSpec> {
  const variables = new Map<string, VariableSpec>();
  for (const map of maps.values()) {
    if (map.origin === "legacy" || map.origin === "btf") continue;
    const places = map.valueTypeId === 0 ? symbolPlaces(elf, map.declaredName) : btfPlaces(types!.btf, map);
    for (const place of places) {
      if (place.name === "" || place.size === 0 || place.offset + place.size > map.valueSize) continue;
      const name = variables.has(place.name)
        ? `${place.name}@${place.section}+0x${place.offset.toString(16)}`
        : place.name;
      variables.set(name, new VariableSpec({ ...place, name }, map, types));
    }
  }
  return variables;
}

function btfPlaces(btf: Btf, map: MapSpec): VariablePlace[] {
  const section = btf.type(map.valueTypeId);
  if (section.kind !== "datasec") return [];
  return section.vars.flatMap(({ type, offset, size }) => {
    const variable = btf.type(type);
    if (variable.kind !== "var") return [];
    const isStatic = variable.linkage === BTF_VAR_STATIC;
    return [{ name: variable.name, section: map.declaredName, offset, size, typeId: variable.type, isStatic }];
  });
}

function symbolPlaces(elf: ElfFile, sectionName: string): VariablePlace[] {
  const section = elf.section(sectionName);
  if (section === undefined) return [];
  return elf
    .symbolsOf(section.index)
    .filter(({ type }) => type === STT_OBJECT)
    .map(({ name, value, size, bind }) => ({
      name,
      section: sectionName,
      offset: value,
      size,
      typeId: 0,
      isStatic: bind === STB_LOCAL,
    }));
}
