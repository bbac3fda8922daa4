import { E2BIG, EINVAL } from "@bpf-ts/uapi/errno";
import type { Btf } from "../btf.ts";
import { BtfError } from "../error.ts";
import type { CoreRelo } from "../ext/btf-ext.ts";
import { sizeOf } from "../layout/size.ts";
import { coreError } from "./failure.ts";
import { coreReloKindName, isEnumBased, isFieldBased, isTypeBased } from "./kinds.ts";

/** A turning point of an access: a named field of a struct or union, an element of an array, or an enumerator. */
export interface CoreAccessor {
  /** The struct, union or enum; for elements, the element type. */
  type: number;
  index: number;
  /** Absent for elements of arrays. */
  name: string | undefined;
}

/** An access, understood: in the program's own types, or in those of a target. */
export interface CoreSpec {
  btf: Btf;
  /** The type that it starts at. */
  type: number;
  /** `BPF_CORE_*`. */
  kind: number;
  /** Named fields and elements only. The first is the element that the pointer is taken as, or the enumerator. */
  accessors: CoreAccessor[];
  /** Every step, those into anonymous structs included. */
  raw: number[];
  /** u32, as libbpf counts. */
  bitOffset: number;
}

/** BPF_CORE_SPEC_MAX_LEN. */
export const MAX_STEPS = 64;

/**
 * Understands a relocation's access string in the program's own types.
 *
 * @see v6.18 tools/lib/bpf/relo_core.c, bpf_core_parse_spec
 * @throws BtfError BTF_CORE
 */
export function parseCoreSpec(btf: Btf, relo: CoreRelo): CoreSpec {
  const spec: CoreSpec = { btf, type: relo.type, kind: relo.kind, accessors: [], raw: [], bitOffset: 0 };
  const fail = (why: string, errno: number = EINVAL): BtfError =>
    coreError(
      `parsing [${relo.type}] ${btf.kindOf(relo.type)} ${btf.nameOf(relo.type) || "<anon>"} + ${relo.access} failed: ${why}`,
      errno,
    );
  if (isTypeBased(relo.kind)) {
    if (relo.access !== "0") throw fail("a type is accessed as 0");
    return spec;
  }
  if (!/^\d+(:\d+)*$/.test(relo.access)) throw fail("expected indexes with colons between them");
  spec.raw = relo.access.split(":").map(Number);
  if (spec.raw.length > MAX_STEPS) throw fail(`more than ${MAX_STEPS} steps`, E2BIG);
  if (spec.raw.some((index) => index > 0x7fffffff)) throw fail("an index does not fit 31 bits");

  let id = btf.resolve(relo.type);
  const first = spec.raw[0]!;
  if (isEnumBased(relo.kind)) {
    const type = btf.type(id);
    const value = type.kind === "enum" || type.kind === "enum64" ? type.values[first] : undefined;
    if (value === undefined || spec.raw.length > 1) throw fail("no such enumerator");
    spec.accessors.push({ type: id, index: first, name: value.name });
    return spec;
  }
  if (!isFieldBased(relo.kind)) throw fail(`unknown kind ${relo.kind}`);
  spec.accessors.push({ type: id, index: first, name: undefined });
  spec.bitOffset = elementBits(first, coreSizeOf(btf, id));

  for (const index of spec.raw.slice(1)) {
    id = btf.resolve(id);
    const kind = btf.kindOf(id);
    if (kind === "struct" || kind === "union") {
      if (index >= btf.vlenOf(id)) throw fail(`type ${id} has no member ${index}`);
      spec.bitOffset = (spec.bitOffset + btf.memberBitOffsetOf(id, index)) >>> 0;
      const name = btf.memberNameOf(id, index);
      if (name !== "") spec.accessors.push({ type: id, index, name });
      id = btf.memberTypeOf(id, index);
    } else if (kind === "array") {
      const length = btf.arrayLengthOf(id);
      const element = btf.resolve(btf.arrayTypeOf(id));
      if (index >= length && !isFlexible(btf, spec.accessors.at(-1)!, length))
        throw fail(`type ${id} has no element ${index}`);
      id = element;
      spec.accessors.push({ type: id, index, name: undefined });
      spec.bitOffset = (spec.bitOffset + elementBits(index, coreSizeOf(btf, id))) >>> 0;
    } else {
      throw fail(`type ${id} is of unexpected kind ${kind}`);
    }
  }
  return spec;
}

/** An array without elements at the end of a struct may be accessed anywhere. `holder` is how it was come to. */
export function isFlexible(btf: Btf, holder: CoreAccessor, length: number): boolean {
  return holder.name !== undefined && length === 0 && holder.index === btf.vlenOf(holder.type) - 1;
}

/** Offset in bits of an element. */
export function elementBits(index: number, size: number): number {
  return Number(BigInt.asUintN(32, BigInt(index) * BigInt(size) * 8n));
}

/** A type's size; that it has none is the relocation's fault. @throws BtfError BTF_CORE */
export function coreSizeOf(btf: Btf, id: number): number {
  try {
    return sizeOf(btf, id);
  } catch (error) {
    if (error instanceof BtfError) throw coreError(error.message);
    throw error;
  }
}

/**
 * A spec as libbpf prints it: `<byte_off> [5] struct task_struct.pid (0:3 @ offset 16)`.
 *
 * @see v6.18 tools/lib/bpf/relo_core.c, bpf_core_format_spec
 */
export function formatCoreSpec(spec: CoreSpec): string {
  const { btf } = spec;
  const head = `<${coreReloKindName(spec.kind)}> [${spec.type}] ${btf.kindOf(spec.type)} ${btf.nameOf(spec.type) || "<anon>"}`;
  if (isEnumBased(spec.kind)) {
    const type = btf.type(btf.resolve(spec.type));
    const value = type.kind === "enum" || type.kind === "enum64" ? type.values[spec.raw[0] ?? -1] : undefined;
    return value === undefined ? head : `${head}::${value.name} = ${value.value}`;
  }
  if (!isFieldBased(spec.kind)) return head;
  const path = spec.accessors.map(({ name, index }, i) => {
    if (name !== undefined) return `.${name}`;
    return i > 0 || index > 0 ? `[${index}]` : "";
  });
  const bits = spec.bitOffset % 8 === 0 ? "" : `.${spec.bitOffset % 8}`;
  return `${head}${path.join("")} (${spec.raw.join(":")} @ offset ${Math.floor(spec.bitOffset / 8)}${bits})`;
}
