import type { Btf } from "../btf.ts";
import { BtfError } from "../error.ts";
import { sizeOf } from "./size.ts";

/** Where a member lies, seen from the start of the type that its path begins at. */
export interface MemberPath {
  /** Type id of the member. */
  type: number;
  /**
   * Byte offsets of the pointers that have to be followed, in order: the first from the start of the root, each other from where the one
   * before points to. Empty if the member lies in the root itself.
   */
  derefs: readonly number[];
  /** Offset in bits from where the last pointer points to (from the start of the root if there is none). */
  bitOffset: number;
  /** The same in whole bytes, rounded down for bitfields. */
  offset: number;
  /** Width in bits of a bitfield, 0 for ordinary members. */
  bitfieldSize: number;
  /** Type id of the struct or union that holds the last named member; of the root for an empty path. */
  parent: number;
}

/** Anonymous members looked at for one name, so that hostile types end. */
const MAX_ANONYMOUS = 1000;

/** See {@link Btf.memberPath}. */
export function memberPath(btf: Btf, root: string | number, path: string): MemberPath {
  const start = typeof root === "number" ? root : btf.findByName(root, ["struct", "union", "typedef"]);
  if (start === undefined) throw new BtfError("BTF_NOT_FOUND", `no struct, union or typedef is named "${root}"`);
  const derefs: number[] = [];
  let type = start;
  let parent = btf.resolve(start);
  let bitOffset = 0;
  let bitfieldSize = 0;
  for (const step of splitPath(path)) {
    if (btf.kindOf(btf.resolve(type)) === "ptr") {
      if (bitOffset % 8 !== 0)
        throw new BtfError("BTF_KIND", `"${path}": the pointer before ${show(step)} is not byte-aligned`);
      derefs.push(bitOffset / 8);
      bitOffset = 0;
      type = btf.sizeOrTypeOf(btf.resolve(type));
      // p[i] is the i-th of the things that p points to.
      if (typeof step === "number") {
        bitOffset = step * sizeOf(btf, type) * 8;
        continue;
      }
    }
    const at = btf.resolve(type);
    const kind = btf.kindOf(at);
    if (typeof step === "number") {
      const array = btf.type(at);
      if (array.kind !== "array")
        throw new BtfError("BTF_KIND", `"${path}": ${show(step)} indexes a ${kind}, expected an array or pointer`);
      if (array.length !== 0 && step >= array.length)
        throw new BtfError("BTF_NOT_FOUND", `"${path}": index ${step} outside of an array of ${array.length}`);
      bitOffset += step * sizeOf(btf, array.type) * 8;
      bitfieldSize = 0;
      type = array.type;
      continue;
    }
    if (kind !== "struct" && kind !== "union")
      throw new BtfError("BTF_KIND", `"${path}": ${show(step)} is looked for in a ${kind}, expected a struct or union`);
    const found = findMember(btf, at, step, { left: MAX_ANONYMOUS });
    if (found === undefined)
      throw new BtfError(
        "BTF_NOT_FOUND",
        `"${path}": ${kind} ${btf.nameOf(at) || "(anonymous)"} has no member "${step}"`,
      );
    bitOffset += found.bitOffset;
    bitfieldSize = btf.memberBitfieldSizeOf(found.parent, found.index);
    parent = found.parent;
    type = btf.memberTypeOf(found.parent, found.index);
  }
  return { type, derefs, bitOffset, offset: Math.floor(bitOffset / 8), bitfieldSize, parent };
}

interface FoundMember {
  parent: number;
  index: number;
  /** From the start of the struct that was searched. */
  bitOffset: number;
}

/** A member by name, anonymous structs and unions looked through, in the order of declaration. */
export function findMember(btf: Btf, id: number, name: string, budget: { left: number }): FoundMember | undefined {
  const count = btf.vlenOf(id);
  for (let index = 0; index < count; index++) {
    if (--budget.left < -0xffff) throw new BtfError("BTF_LOOP", `too many members are looked through for "${name}"`);
    const memberName = btf.memberNameOf(id, index);
    if (memberName === name) return { parent: id, index, bitOffset: btf.memberBitOffsetOf(id, index) };
    if (memberName !== "") continue;
    const inner = btf.resolve(btf.memberTypeOf(id, index));
    const kind = btf.kindOf(inner);
    if (kind !== "struct" && kind !== "union") continue;
    if (--budget.left < 0)
      throw new BtfError("BTF_LOOP", `too many anonymous members are looked through for "${name}"`);
    const found = findMember(btf, inner, name, budget);
    if (found !== undefined) return { ...found, bitOffset: found.bitOffset + btf.memberBitOffsetOf(id, index) };
  }
  return undefined;
}

function show(step: string | number): string {
  return typeof step === "number" ? `[${step}]` : `"${step}"`;
}

/** `a.b[2]->c` → a, b, 2, c. */
function splitPath(path: string): (string | number)[] {
  const steps: (string | number)[] = [];
  const token = /(?:^|\.|->)([A-Za-z_$][\w$]*)|\[(\d+)\]/y;
  while (token.lastIndex < path.length) {
    const at = token.lastIndex;
    const match = token.exec(path);
    if (match === null)
      throw new BtfError("BTF_NOT_FOUND", `"${path}": expected a member name or [index] at character ${at + 1}`);
    if (match[1] !== undefined) steps.push(match[1]);
    else steps.push(Number(match[2]));
  }
  return steps;
}
