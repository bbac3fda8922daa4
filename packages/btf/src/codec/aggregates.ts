import { type BtfValue, type Node, Refusal, refuse, type TailNode } from "./node.ts";
import { listOf } from "./scalars.ts";

/** An array of a fixed length. */
export function fixedArray(element: Node, length: number): Node {
  const { size } = element;
  return {
    size: size * length,
    weight: 1 + element.weight * length,
    read(bytes, at) {
      const out: BtfValue[] = new Array<BtfValue>(length);
      for (let i = 0; i < length; i++) out[i] = element.read(bytes, at + i * size);
      return out;
    },
    write(value, bytes, at) {
      const list = listIn(value);
      if (list === undefined || list.length !== length) return refuse(`an array of ${length}`, value);
      writeElements(element, list, bytes, at);
    },
  };
}

/** An array of as many elements as there are bytes for. */
export function flexibleArray(element: Node): TailNode {
  const { size } = element;
  const listOf = (value: unknown): ArrayLike<unknown> => listIn(value) ?? refuse("an array", value);
  return {
    empty: [],
    bytesOf: (value) => listOf(value).length * size,
    read(bytes, at) {
      const out: BtfValue[] = [];
      for (let from = at; from + size <= bytes.length; from += size) out.push(element.read(bytes, from));
      return out;
    },
    write: (value, bytes, at) => writeElements(element, listOf(value), bytes, at),
  };
}

/** What stands for an array: an array, or a typed one. */
function listIn(value: unknown): ArrayLike<unknown> | undefined {
  if (Array.isArray(value)) return value as unknown[];
  if (ArrayBuffer.isView(value) && "length" in value) return value as unknown as ArrayLike<unknown>;
  return undefined;
}

/** @throws Refusal */
function writeElements(element: Node, list: ArrayLike<unknown>, bytes: Uint8Array, at: number): void {
  let i = 0;
  try {
    for (; i < list.length; i++) element.write(list[i], bytes, at + i * element.size);
  } catch (error) {
    if (error instanceof Refusal) error.path = `[${i}]${error.path}`;
    throw error;
  }
}

/** A member as the codec of its struct knows it. */
export interface MemberNode {
  /** Name in JS. */
  name: string;
  /** Bytes from the struct's start. */
  offset: number;
  node: Node;
  /** The union that it is in: members of one union share a number; those of the struct itself have 0. */
  group: number;
  /** Which alternative of that union it belongs to. */
  arm: number;
  /** Whether its alternative is complete without it: it is in a union once more. */
  optional: boolean;
}

/** What a struct does with members that a value leaves out. */
export type MissingChoice = "refuse" | "zero";

/** Whether every object has something of that name (`constructor`, `toString`): a value gives such a member only as a property of its own. */
export function isInherited(name: string): boolean {
  return name in Object.prototype;
}

/** The one name that an assignment does not make a property of: it would set the prototype, by what hostile bytes say. */
const SETTER = "__proto__";

/** Makes a member of a decoded object, whatever its name is. */
export function setOwn(out: { [name: string]: BtfValue }, name: string, value: BtfValue): void {
  if (name === SETTER)
    Object.defineProperty(out, name, { value, writable: true, enumerable: true, configurable: true });
  else out[name] = value;
}

/** A struct or union; the members of anonymous ones within it count as its own. */
export function struct(size: number, members: readonly MemberNode[], missing: MissingChoice): Node {
  const names = members.map((m) => m.name);
  const known = new Set(names);
  const set = known.has(SETTER) ? setOwn : undefined;
  // Asked once: for usual names the question would be a tenth of the encoding.
  const inherited = names.some(isInherited);
  const given = (object: Record<string, unknown>, name: string): unknown =>
    inherited && isInherited(name) && !Object.hasOwn(object, name) ? undefined : object[name];
  const groups = new Map<number, number[]>();
  members.forEach(({ group }, i) => {
    if (group !== 0) groups.set(group, [...(groups.get(group) ?? []), i]);
  });

  const writeMember = (i: number, value: unknown, bytes: Uint8Array, at: number): void => {
    const { name, offset, node } = members[i]!;
    try {
      node.write(value, bytes, at + offset);
    } catch (error) {
      if (error instanceof Refusal) error.path = `.${name}${error.path}`;
      throw error;
    }
  };

  const writeGroup = (
    indexes: readonly number[],
    value: Record<string, unknown>,
    bytes: Uint8Array,
    at: number,
  ): void => {
    const arms = indexes.filter((i) => given(value, names[i]!) !== undefined);
    if (missing === "refuse") checkArms(indexes, arms);
    for (const i of arms) writeMember(i, given(value, names[i]!), bytes, at);
    // Several views of the same bytes are fine as long as they say the same.
    for (const i of arms.length > 1 ? arms : []) {
      const { offset, node } = members[i]!;
      const alone = new Uint8Array(size);
      node.write(given(value, names[i]!), alone, offset);
      if (node.size > 0 && !same(node.read(alone, offset), node.read(bytes, at + offset)))
        throw new Refusal(`members ${listOf(arms.map((j) => names[j]!))} share bytes and do not agree`);
    }
  };

  /** One alternative must be there in full. */
  const checkArms = (indexes: readonly number[], given: readonly number[]): void => {
    if (given.length === 0)
      throw new Refusal(`expected one member of ${listOf(indexes.map((i) => names[i]!))}, got none`);
    const lacks = given.map((i) =>
      indexes.find((j) => members[j]!.arm === members[i]!.arm && !members[j]!.optional && !given.includes(j)),
    );
    if (!lacks.includes(undefined)) throw missingMember(names[lacks[0]!]!);
  };

  return {
    size,
    weight: members.reduce((sum, m) => sum + m.node.weight, 1),
    read(bytes, at) {
      const out: { [name: string]: BtfValue } = {};
      for (let i = 0; i < members.length; i++) {
        const member = members[i]!;
        const value = member.node.read(bytes, at + member.offset);
        if (set === undefined) out[member.name] = value;
        else set(out, member.name, value);
      }
      return out;
    },
    write(value, bytes, at) {
      if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
        refuse("an object", value);
      const object = value as Record<string, unknown>;
      for (const name of Object.keys(object)) {
        if (known.has(name)) continue;
        const refusal = new Refusal(`no such member; there are ${listOf(names)}`);
        refusal.path = `.${name}`;
        throw refusal;
      }
      for (let i = 0; i < members.length; i++) {
        const { name, group } = members[i]!;
        if (group !== 0) continue;
        const own = given(object, name);
        if (own === undefined && missing === "zero") continue;
        if (own === undefined && !Object.hasOwn(object, name)) throw missingMember(name);
        writeMember(i, own, bytes, at);
      }
      for (const indexes of groups.values()) writeGroup(indexes, object, bytes, at);
    },
  };
}

function missingMember(name: string): Refusal {
  const refusal = new Refusal("missing");
  refusal.path = `.${name}`;
  return refusal;
}

function same(a: BtfValue, b: BtfValue): boolean {
  if (typeof a !== "object" || typeof b !== "object") return Object.is(a, b);
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return (
    left.length === right.length && left.every(([key, value]) => same(value, (b as Record<string, BtfValue>)[key]!))
  );
}
