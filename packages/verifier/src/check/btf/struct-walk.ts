import type { Btf } from "@bpf-ts/btf";
import { EACCES, EFAULT, EINVAL } from "@bpf-ts/uapi/errno";
import { MEM_PERCPU, MEM_RCU, MEM_USER, PTR_UNTRUSTED } from "../../state/reg-type.ts";
import { resolveSize } from "./resolve-size.ts";
import { isStructOrUnion } from "./type-class.ts";
import { btfTypeName } from "./type-names.ts";

/**
 * What lies at an offset of a struct, for an access of some bytes.
 *
 * - `scalar`: a number, or part of one.
 * - `struct`: a nested struct or union starts exactly there; the walk may go on inside it at offset 0.
 * - `ptr`: a pointer to a struct (`id`), read as a whole.
 * - `untrusted-ptr`: a pointer to something else.
 * - `fault`: nothing that may be accessed; `text` is the log line.
 */
export type WalkResult =
  | { readonly kind: "scalar" }
  | { readonly kind: "struct"; readonly id: number; readonly flags: number }
  | { readonly kind: "ptr"; readonly id: number; readonly flags: number; readonly field: string }
  | { readonly kind: "untrusted-ptr" }
  | { readonly kind: "fault"; readonly errno: number; readonly text: string };

const SCALAR: WalkResult = { kind: "scalar" };
const UNTRUSTED_PTR: WalkResult = { kind: "untrusted-ptr" };

/** Type tags of the kernel's headers that say what a pointer may be used for. */
const TAG_FLAGS: ReadonlyMap<string, number> = new Map([
  ["user", MEM_USER],
  ["percpu", MEM_PERCPU],
  ["rcu", MEM_RCU],
]);

/** Modifiers that the tag directly behind a pointer stands for; 0 for none. `id`: what the pointer points to. */
export function pointerTagFlags(btf: Btf, id: number): number {
  if (id === 0 || btf.kindOf(id) !== "type_tag" || btf.kindFlagOf(id)) return 0;
  return TAG_FLAGS.get(btf.nameOf(id)) ?? 0;
}

/**
 * Steps of the walk:
 *
 * 1. An access that ends behind the struct is only right if the struct ends in an array without length: then it is an access to that array's
 *    element.
 * 2. The member that the access begins in is found. An array counts as its elements laid side by side, of any number of dimensions.
 * 3. A nested struct is entered (or answered, if the access begins where it does); a pointer must be read as a whole; anything else is a
 *    number, of which also a part, or several of an array, may be read.
 *
 * `flags`: modifiers collected so far; PTR_UNTRUSTED once a union with several members was crossed, because what was stored there last is
 * not known.
 *
 * @param id The struct; modifiers are skipped.
 * @param off Bytes. @param size Bytes.
 * @param flexArrays Whether step 1 may look behind the end.
 * @see v6.18 kernel/bpf/btf.c, btf_struct_walk
 */
export function walkStruct(
  btf: Btf,
  id: number,
  off: number,
  size: number,
  flags: number,
  flexArrays: boolean,
): WalkResult {
  let at = btf.resolve(id);
  for (;;) {
    const struct = btf.type(at);
    if (struct.kind !== "struct" && struct.kind !== "union") {
      return { kind: "fault", errno: EINVAL, text: `Type '${btfTypeName(btf, at, true)}' is not a struct` };
    }
    const name = struct.name === "" ? "(anon)" : struct.name;
    if (struct.kind === "union" && struct.members.length !== 1) flags |= PTR_UNTRUSTED;

    if (off + size > struct.size) {
      const element = flexArrays ? flexElement(btf, at, off) : undefined;
      if (element === undefined) {
        return { kind: "fault", errno: EACCES, text: `access beyond struct ${name} at off ${off >>> 0} size ${size}` };
      }
      if (element.id === 0) return SCALAR;
      off = element.off;
      at = element.id;
      continue;
    }

    const step = stepIntoMember(btf, at, name, off, size, flags);
    if (step.kind !== "enter") return step;
    at = step.id;
    off = step.off;
  }
}

/** The element of the flexible array at a struct's end that `off` lies in: its struct and the offset there, id 0 for integers. */
function flexElement(btf: Btf, structId: number, off: number): { id: number; off: number } | undefined {
  const count = btf.vlenOf(structId);
  if (count === 0) return undefined;
  const array = btf.type(btf.resolve(btf.memberTypeOf(structId, count - 1)));
  if (array.kind !== "array" || array.length !== 0) return undefined;
  const start = Math.floor(btf.memberBitOffsetOf(structId, count - 1) / 8);
  if (off < start) return undefined;
  const id = btf.resolve(array.type);
  if (btf.kindOf(id) === "int") return { id: 0, off: 0 };
  if (!isStructOrUnion(btf, id)) return undefined;
  const elemSize = btf.sizeOrTypeOf(id);
  if (elemSize === 0) return undefined;
  return { id, off: (off - start) % elemSize };
}

type Step = WalkResult | { readonly kind: "enter"; readonly id: number; readonly off: number };

function stepIntoMember(
  btf: Btf,
  structId: number,
  structName: string,
  off: number,
  size: number,
  flags: number,
): Step {
  const count = btf.vlenOf(structId);
  for (let i = 0; i < count; i++) {
    const bitOffset = btf.memberBitOffsetOf(structId, i);
    const start = Math.floor(bitOffset / 8);
    // Members come in the order of their offsets: the rest lies further on still.
    if (off + size <= start) break;

    const bitfieldSize = btf.memberBitfieldSizeOf(structId, i);
    if (bitfieldSize !== 0) {
      // BTF leaves out unnamed bitfields, so the bytes may begin before the member does; a part of a bitfield is no member.
      if (off <= start && Math.ceil((bitOffset + bitfieldSize) / 8) <= off + size) return SCALAR;
      continue;
    }
    if (off < start) break;

    const typeId = btf.memberTypeOf(structId, i);
    const memberName = btf.memberNameOf(structId, i);
    const shownName = memberName === "" ? "(anon)" : memberName;
    const flat = resolveSize(btf, typeId);
    if (flat === undefined) return { kind: "fault", errno: EFAULT, text: `field ${shownName} doesn't have size` };
    const end = start + flat.size;
    if (off >= end) continue;

    let elemStart = start;
    let elemSize = flat.size;
    if (flat.isArray) {
      if (flat.size === 0) continue;
      elemSize = flat.size / flat.elems;
      elemStart += Math.floor((off - start) / elemSize) * elemSize;
    }

    if (isStructOrUnion(btf, flat.elemId)) {
      if (off === elemStart) return { kind: "struct", id: flat.namedId, flags };
      return { kind: "enter", id: flat.elemId, off: off - elemStart };
    }

    if (btf.kindOf(flat.elemId) === "ptr") {
      if (elemSize !== size || off !== elemStart) {
        return {
          kind: "fault",
          errno: EACCES,
          text: `cannot access ptr member ${shownName} with moff ${elemStart} in struct ${structName} with off ${off} size ${size}`,
        };
      }
      const target = btf.sizeOrTypeOf(flat.elemId);
      const id = btf.resolve(target);
      if (!isStructOrUnion(btf, id)) return UNTRUSTED_PTR;
      return { kind: "ptr", id, flags: flags | pointerTagFlags(btf, target), field: shownName };
    }

    if (off + size > end && (flags & PTR_UNTRUSTED) === 0) {
      return {
        kind: "fault",
        errno: EACCES,
        text: `access beyond the end of member ${shownName} (mend:${end}) in struct ${structName} with off ${off} size ${size}`,
      };
    }
    return SCALAR;
  }
  return { kind: "fault", errno: EINVAL, text: `struct ${structName} doesn't have field at offset ${off}` };
}
