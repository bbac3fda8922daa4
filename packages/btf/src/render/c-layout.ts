import type { Btf } from "../btf.ts";
import { BtfError, MAX_RESOLVE_DEPTH } from "../error.ts";
import { sizeOf } from "../layout/size.ts";

/** How a struct has to be written so that a C compiler lays it out as its BTF says. */
export interface CLayout {
  /** Needs `__attribute__((packed))`. */
  packed: boolean;
  /** Alignment in bytes that the written struct has. */
  align: number;
}

/** Levels of structs within structs. */
const MAX_NESTED = 500;

/**
 * The layouts of the structs of one piece of BTF, as the System V ABI (x86-64, and BPF) places members: at the next multiple of their alignment;
 * bitfields right behind the bits before them unless they would cross a boundary of their type's size.
 *
 * BTF does not hold alignment attributes. What they caused shows in offsets and sizes, and is written as explicit padding, or as packing where
 * a member lies earlier than its type allows.
 */
export class CLayouts {
  readonly #btf: Btf;
  readonly #known = new Map<number, CLayout | "open">();
  #depth = 0;

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  /** @throws BtfError BTF_LOOP, BTF_SIZE */
  of(id: number): CLayout {
    const known = this.#known.get(id);
    if (known === "open") throw new BtfError("BTF_LOOP", `type ${id} (${this.#btf.kindOf(id)}) contains itself`);
    if (known !== undefined) return known;
    if (this.#depth > MAX_NESTED) throw new BtfError("BTF_LOOP", `structs nested deeper than ${MAX_NESTED} levels`);
    this.#known.set(id, "open");
    this.#depth++;
    const layout = this.#find(id);
    this.#depth--;
    this.#known.set(id, layout);
    return layout;
  }

  #find(id: number): CLayout {
    const btf = this.#btf;
    let align = 1;
    let packed = false;
    for (let i = 0; i < btf.vlenOf(id); i++) {
      const type = btf.memberTypeOf(id, i);
      const offset = btf.memberBitOffsetOf(id, i);
      const width = btf.memberBitfieldSizeOf(id, i);
      const own = this.alignOf(type);
      align = Math.max(align, own);
      if (width === 0) {
        if (offset % (own * 8) !== 0) packed = true;
      } else {
        const unit = sizeOf(btf, type) * 8;
        if (unit === 0 || Math.floor(offset / unit) !== Math.floor((offset + width - 1) / unit)) packed = true;
      }
    }
    if (btf.sizeOrTypeOf(id) % align !== 0) packed = true;
    return { packed, align: packed ? 1 : align };
  }

  /** Alignment in bytes of a type as it is written. @throws BtfError BTF_LOOP, BTF_SIZE */
  alignOf(id: number): number {
    const btf = this.#btf;
    let at = id;
    for (let depth = 0; depth <= MAX_RESOLVE_DEPTH; depth++) {
      at = btf.resolve(at);
      const kind = btf.kindOf(at);
      switch (kind) {
        case "struct":
        case "union":
          return this.of(at).align;
        case "ptr":
          return btf.pointerSize;
        case "array":
          at = btf.arrayTypeOf(at);
          continue;
        case "int":
        case "enum":
        case "enum64":
        case "float": {
          const size = btf.sizeOrTypeOf(at);
          // 16-byte integers and floats are aligned to their size; a 12-byte long double (i386) to a pointer.
          if (size === 16) return 16;
          return Math.max(1, Math.min(btf.pointerSize, size));
        }
        default:
          throw new BtfError("BTF_SIZE", `type ${id} (${kind}) cannot be a member`);
      }
    }
    throw new BtfError("BTF_LOOP", `type ${id} leads through more than ${MAX_RESOLVE_DEPTH} arrays`);
  }
}

/** One thing between the braces of a struct: a member, or an unnamed bitfield that fills. */
export type CSlot = { member: number } | { pad: number; unit: 8 | 16 | 32 | 64 };

/**
 * Members and padding in the order in which they have to be written.
 *
 * @throws BtfError BTF_INVALID for members that overlap or lie behind the struct's end, which C cannot say
 */
export function cSlots(btf: Btf, layouts: CLayouts, id: number): { slots: CSlot[]; unionSize: number | undefined } {
  const { packed, align } = layouts.of(id);
  const isUnion = btf.kindOf(id) === "union";
  const size = btf.sizeOrTypeOf(id) * 8;
  const slots: CSlot[] = [];
  let at = 0;
  let end = 0;
  for (let i = 0; i < btf.vlenOf(id); i++) {
    const type = btf.memberTypeOf(id, i);
    const offset = btf.memberBitOffsetOf(id, i);
    const width = btf.memberBitfieldSizeOf(id, i);
    const bits = sizeOf(btf, type) * 8;
    if (isUnion) at = 0;
    if (offset < at)
      throw new BtfError(
        "BTF_INVALID",
        `member ${i} of type ${id} at bit ${offset} overlaps the one before, which ends at ${at}`,
      );
    let natural = at;
    if (width === 0) natural = roundUp(at, packed ? 8 : layouts.alignOf(type) * 8);
    else if (!packed && Math.floor(at / bits) !== Math.floor((at + width - 1) / bits)) natural = roundUp(at, bits);
    if (natural !== offset) fill(slots, at, offset, btf.pointerSize);
    slots.push({ member: i });
    at = offset + (width === 0 ? bits : width);
    end = Math.max(end, at);
  }
  if (end > size) throw new BtfError("BTF_INVALID", `type ${id} of ${size / 8} bytes has members up to bit ${end}`);
  if (roundUp(end, align * 8) === size) return { slots, unionSize: undefined };
  // Unnamed bitfields of a union lie over each other; a named array makes it as large as it is.
  if (isUnion) return { slots, unionSize: size / 8 };
  fill(slots, at, size, btf.pointerSize);
  return { slots, unionSize: undefined };
}

/** Unnamed bitfields from bit `from` to bit `to`, none of which crosses a boundary of its own type, so that none moves. */
function fill(slots: CSlot[], from: number, to: number, pointerSize: number): void {
  let at = from;
  while (at < to) {
    let unit: 8 | 16 | 32 | 64 = 8;
    for (const wider of [16, 32, 64] as const)
      if (wider <= pointerSize * 8 && at % wider === 0 && to - at >= wider) unit = wider;
    const pad = Math.min(to - at, unit - (at % unit));
    slots.push({ pad, unit });
    at += pad;
    if (slots.length > MAX_SLOTS) throw new BtfError("BTF_LIMIT", `more than ${MAX_SLOTS} members and fillers`);
  }
}

/** Above any real struct; kernel structs have less than 70,000 members and 64 kB of padding in one place. */
const MAX_SLOTS = 200_000;

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
