import type { Btf } from "../btf.ts";
import {
  BTF_FUNC_EXTERN,
  BTF_FUNC_GLOBAL,
  BTF_FUNC_STATIC,
  BTF_INT_BOOL,
  BTF_INT_CHAR,
  BTF_INT_SIGNED,
  BTF_VAR_GLOBAL_ALLOCATED,
  BTF_VAR_GLOBAL_EXTERN,
  BTF_VAR_STATIC,
} from "../kinds.ts";
import type { BtfType } from "../types.ts";
import { TextBudget } from "./text.ts";

/** A number or text of a record, or the list of its members, values, parameters or variables. */
type RawValue = string | number | bigint | readonly RawFields[];

/** Names and values, in bpftool's order. */
export interface RawFields {
  readonly [name: string]: RawValue;
}

/** One type as `bpftool -j btf dump` prints it: `id`, `kind`, `name`, and what its kind has. */
export interface RawRecord extends RawFields {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
}

const ANONYMOUS = "(anon)";

const INT_ENCODINGS: ReadonlyMap<number, string> = new Map([
  [0, "(none)"],
  [BTF_INT_SIGNED, "SIGNED"],
  [BTF_INT_CHAR, "CHAR"],
  [BTF_INT_BOOL, "BOOL"],
]);

const VAR_LINKAGES: ReadonlyMap<number, string> = new Map([
  [BTF_VAR_STATIC, "static"],
  [BTF_VAR_GLOBAL_ALLOCATED, "global"],
  [BTF_VAR_GLOBAL_EXTERN, "extern"],
]);

const FUNC_LINKAGES: ReadonlyMap<number, string> = new Map([
  [BTF_FUNC_STATIC, "static"],
  [BTF_FUNC_GLOBAL, "global"],
  [BTF_FUNC_EXTERN, "extern"],
]);

/** Own types of a piece of BTF (those of its base are left out) as `bpftool -j btf dump` has them. @throws BtfError */
export function rawRecords(btf: Btf): RawRecord[] {
  return Array.from({ length: btf.typeCount - btf.firstId }, (_, i) => rawRecord(btf, btf.firstId + i));
}

function rawRecord(btf: Btf, id: number): RawRecord {
  const type = btf.type(id);
  return { id, kind: kindName(type.kind), name: named(type.name), ...fieldsOf(type) };
}

/**
 * The same as lines of text: `[1] INT 'int' size=4 …`, as `bpftool btf dump file OBJ` prints them.
 *
 * @see v6.12 tools/bpf/bpftool/btf.c, dump_btf_type
 * @throws BtfError
 */
export function formatRawDump(btf: Btf): string {
  const budget = new TextBudget();
  const lines: string[] = [];
  for (let id = btf.firstId; id < btf.typeCount; id++) {
    const { id: _, kind, name, ...fields } = rawRecord(btf, id);
    const text = kind === "VAR" ? formatVar(fields) : formatFields(fields, kind, btf);
    lines.push(budget.spend(`[${id}] ${kind} '${name}'${text}\n`));
  }
  return lines.join("");
}

function kindName(kind: string): string {
  return kind === "void" ? "UNKNOWN" : kind.toUpperCase();
}

function named(name: string): string {
  return name === "" ? ANONYMOUS : name;
}

function fieldsOf(type: BtfType): RawFields {
  switch (type.kind) {
    case "void":
      return {};
    case "int":
      return {
        size: type.size,
        bits_offset: type.offset,
        nr_bits: type.bits,
        encoding: INT_ENCODINGS.get(type.encoding) ?? "UNKN",
      };
    case "ptr":
    case "const":
    case "volatile":
    case "restrict":
    case "typedef":
    case "type_tag":
      return { type_id: type.type };
    case "array":
      return { type_id: type.type, index_type_id: type.indexType, nr_elems: type.length };
    case "struct":
    case "union":
      return {
        size: type.size,
        vlen: type.members.length,
        members: type.members.map(({ name, type: id, bitOffset, bitfieldSize }) => ({
          name: named(name),
          type_id: id,
          bits_offset: bitOffset,
          ...(bitfieldSize === 0 ? {} : { bitfield_size: bitfieldSize }),
        })),
      };
    case "enum":
    case "enum64":
      return {
        encoding: type.signed ? "SIGNED" : "UNSIGNED",
        size: type.size,
        vlen: type.values.length,
        values: type.values.map(({ name, value }) => ({ name: named(name), val: value })),
      };
    case "fwd":
      return { fwd_kind: type.union ? "union" : "struct" };
    case "func":
      return { type_id: type.type, linkage: FUNC_LINKAGES.get(type.linkage) ?? "(unknown)" };
    case "func_proto": {
      const params = type.params.map(({ name, type: id }) => ({ name: named(name), type_id: id }));
      if (type.variadic) params.push({ name: ANONYMOUS, type_id: 0 });
      return { ret_type_id: type.ret, vlen: params.length, params };
    }
    case "var":
      return { type_id: type.type, linkage: VAR_LINKAGES.get(type.linkage) ?? "(unknown)" };
    case "datasec":
      return {
        size: type.size,
        vlen: type.vars.length,
        vars: type.vars.map(({ type: id, offset, size }) => ({ type_id: id, offset, size })),
      };
    case "float":
      return { size: type.size };
    case "decl_tag":
      return { type_id: type.type, component_idx: type.componentIdx };
    default:
      return type satisfies never;
  }
}

function formatFields(fields: RawFields, kind: string, btf: Btf): string {
  // Values of 64 bits are printed as C would write them.
  const suffix = kind !== "ENUM64" ? "" : fields["encoding"] === "SIGNED" ? "LL" : "ULL";
  return Object.entries(fields)
    .map(([name, value]) =>
      typeof value === "object"
        ? value.map((item) => `\n\t${formatItem(item, suffix, btf)}`).join("")
        : ` ${name}=${value}`,
    )
    .join("");
}

/** A variable's two numbers are the only ones with a comma between them. */
function formatVar({ type_id, linkage }: RawFields): string {
  return ` type_id=${String(type_id)}, linkage=${String(linkage)}`;
}

function formatItem(item: RawFields, suffix: string, btf: Btf): string {
  const text = Object.entries(item)
    .map(([name, value]) =>
      name === "name" ? `'${String(value)}'` : `${name}=${String(value)}${name === "val" ? suffix : ""}`,
    )
    .join(" ");
  // Variables of a section have no name of their own here: what they are follows.
  if ("name" in item) return text;
  const id = item["type_id"] as number;
  if (id >= btf.typeCount) return text;
  return `${text} (${kindName(btf.kindOf(id))} '${named(btf.nameOf(id))}')`;
}
