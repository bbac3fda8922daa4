import type { Btf } from "../btf.ts";
import { BtfError } from "../error.ts";
import type { BtfEnum, BtfEnum64, BtfTypeTag } from "../types.ts";
import { CLayouts, cSlots } from "./c-layout.ts";
import { CNames, identifier } from "./c-names.ts";
import { TextBudget } from "./text.ts";

/** Options of {@link renderC}. */
export interface RenderCOptions {
  /** Only these types and what they need. Default: all. */
  roots?: readonly number[];
  /** Name of the include guard; empty for none. Default `__VMLINUX_H__`. */
  guard?: string;
  /**
   * Put `preserve_access_index` on all structs (unless BPF_NO_PRESERVE_ACCESS_INDEX is defined), so that programs that include this are
   * relocated to the running kernel's layout. Default true.
   */
  preserveAccessIndex?: boolean;
}

/**
 * A C header with all structs, unions, enums and typedefs, in an order in which each is known before it is used. What a compiler for BPF or
 * x86-64 makes of it has the sizes and offsets that the BTF says: padding and packing are written out.
 *
 * @see v6.18 tools/bpf/bpftool/btf.c, do_dump ("format c"), whose form it has; the text may differ, the layout not
 * @throws BtfError BTF_LOOP, BTF_INVALID, BTF_SIZE, BTF_TYPE_ID, BTF_STRINGS, BTF_LIMIT for BTF that C cannot say
 */
export function renderC(btf: Btf, options: RenderCOptions = {}): string {
  const { guard = "__VMLINUX_H__", preserveAccessIndex = true } = options;
  const writer = new CWriter(btf);
  if (options.roots === undefined) writer.all();
  else for (const id of options.roots) writer.root(id);
  const parts: string[] = [];
  if (guard !== "") parts.push(`#ifndef ${guard}\n#define ${guard}\n\n`);
  if (preserveAccessIndex)
    parts.push(
      "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n",
      "#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)\n",
      "#endif\n\n",
    );
  parts.push(writer.parts.join(""));
  if (preserveAccessIndex)
    parts.push("#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n", "#pragma clang attribute pop\n", "#endif\n\n");
  if (guard !== "") parts.push(`#endif /* ${guard} */\n`);
  return parts.join("");
}

/**
 * One declaration in C: `cDeclaration(btf, id, "x")` is `const struct foo *x`; without a name the type alone, as in a cast. Anonymous structs
 * and unions are written out.
 *
 * @throws BtfError as {@link renderC}
 */
export function cDeclaration(btf: Btf, id: number, name = ""): string {
  return new CWriter(btf).declaration(id, name, "");
}

type State = undefined | "declared" | "defining" | "done";

/** Levels of types that need each other. */
const MAX_DEPTH = 1000;
/** Declarations within declarations: parameters, and members of anonymous structs. */
const MAX_NESTED = 250;

class CWriter {
  readonly parts: string[] = [];
  readonly #btf: Btf;
  readonly #names: CNames;
  readonly #layouts: CLayouts;
  readonly #state = new Map<number, State>();
  /** Types without a name whose needs were seen to: 1 where a declaration is enough, 2 where a definition is needed. */
  readonly #prepared = new Map<number, number>();
  /** Anonymous enums whose enumerators are written. */
  readonly #enumsWritten = new Set<number>();
  readonly #budget = new TextBudget();
  #depth = 0;
  #inlined = 0;
  #declared = 0;
  #nested = 0;

  constructor(btf: Btf) {
    this.#btf = btf;
    this.#names = new CNames(btf);
    this.#layouts = new CLayouts(btf);
  }

  all(): void {
    const referenced = this.#referencedEnums();
    for (let id = 1; id < this.#btf.typeCount; id++) {
      const kind = this.#btf.kindOf(id);
      if (kind === "enum" || kind === "enum64") {
        if (this.#btf.nameOf(id) !== "" || !referenced.has(id)) this.root(id);
      } else if (kind === "struct" || kind === "union" || kind === "typedef" || kind === "fwd") {
        this.root(id);
      }
    }
  }

  root(id: number): void {
    const kind = this.#btf.kindOf(id);
    if ((kind === "enum" || kind === "enum64") && this.#btf.nameOf(id) === "") {
      if (!this.#enumsWritten.has(id)) this.parts.push(`${this.#enumBody(id, "")};\n\n`);
    } else if (
      kind !== "func" &&
      kind !== "func_proto" &&
      kind !== "var" &&
      kind !== "datasec" &&
      kind !== "decl_tag"
    ) {
      this.#need(id, true);
    } else if (kind === "func" || kind === "var") {
      this.#need(this.#btf.sizeOrTypeOf(id), true);
    }
  }

  /** Anonymous enums that another type holds: they are written there. */
  #referencedEnums(): Set<number> {
    const btf = this.#btf;
    const found = new Set<number>();
    const see = (id: number): void => {
      const kind = btf.kindOf(id);
      if (kind === "enum" || kind === "enum64") found.add(id);
    };
    for (let id = 1; id < btf.typeCount; id++) {
      const kind = btf.kindOf(id);
      if (kind === "struct" || kind === "union") {
        for (let i = 0; i < btf.vlenOf(id); i++) see(btf.memberTypeOf(id, i));
      } else if (kind === "array") {
        see(btf.arrayTypeOf(id));
      } else if (
        kind === "ptr" ||
        kind === "typedef" ||
        kind === "const" ||
        kind === "volatile" ||
        kind === "restrict"
      ) {
        see(btf.sizeOrTypeOf(id));
      }
    }
    return found;
  }

  /** Writes whatever must stand before a use of `id`; `complete` where the use needs to know its size. */
  #need(id: number, complete: boolean): void {
    if (++this.#depth > MAX_DEPTH)
      throw new BtfError("BTF_LOOP", `type ${id} needs more than ${MAX_DEPTH} levels of other types`);
    this.#needAt(id, complete);
    this.#depth--;
  }

  #needAt(id: number, complete: boolean): void {
    const btf = this.#btf;
    const kind = btf.kindOf(id);
    switch (kind) {
      case "struct":
      case "union":
        if (btf.nameOf(id) === "") {
          if (this.#prepare(id, complete)) this.#needMembers(id);
        } else if (complete) {
          this.#define(id);
        } else {
          this.#declare(id);
        }
        return;
      case "fwd":
        this.#declare(id);
        return;
      case "enum":
      case "enum64":
        if (btf.nameOf(id) !== "") this.#defineEnum(id);
        return;
      case "typedef":
        this.#defineTypedef(id);
        if (complete && this.#prepare(id, true)) this.#need(btf.sizeOrTypeOf(id), true);
        return;
      case "ptr":
        if (this.#prepare(id, false)) this.#need(btf.sizeOrTypeOf(id), false);
        return;
      case "const":
      case "volatile":
      case "restrict":
      case "type_tag":
        if (this.#prepare(id, complete)) this.#need(btf.sizeOrTypeOf(id), complete);
        return;
      case "array":
        if (this.#prepare(id, true)) this.#need(btf.arrayTypeOf(id), true);
        return;
      case "func_proto": {
        if (!this.#prepare(id, false)) return;
        const proto = btf.funcProto(id);
        this.#need(proto.ret, false);
        for (const param of proto.params) this.#need(param.type, false);
        return;
      }
      case "void":
      case "int":
      case "float":
        return;
      case "func":
      case "var":
      case "datasec":
      case "decl_tag":
        throw new BtfError("BTF_KIND", `type ${id} is a ${kind}, which no type can be made of`);
      default:
        kind satisfies never;
    }
  }

  /** Whether the needs of a type without a name are still to be seen to. */
  #prepare(id: number, complete: boolean): boolean {
    const level = complete ? 2 : 1;
    if ((this.#prepared.get(id) ?? 0) >= level) return false;
    this.#prepared.set(id, level);
    return true;
  }

  #needMembers(id: number): void {
    for (let i = 0; i < this.#btf.vlenOf(id); i++) this.#need(this.#btf.memberTypeOf(id, i), true);
  }

  #declare(id: number): void {
    if (this.#state.get(id) !== undefined) return;
    const type = this.#btf.type(id);
    const word = type.kind === "fwd" ? (type.union ? "union" : "struct") : type.kind;
    const definition = type.kind === "fwd" ? this.#names.definitionOf(type) : undefined;
    this.#state.set(id, "declared");
    if (definition !== undefined) this.#declare(definition);
    else this.parts.push(this.#budget.spend(`${word} ${this.#names.tag(id)};\n\n`));
  }

  #define(id: number): void {
    const state = this.#state.get(id);
    if (state === "done") return;
    if (state === "defining")
      throw new BtfError("BTF_LOOP", `type ${id} (${this.#btf.kindOf(id)} ${this.#btf.nameOf(id)}) contains itself`);
    this.#state.set(id, "defining");
    this.#needMembers(id);
    this.parts.push(`${this.#structBody(id, "")};\n\n`);
    this.#state.set(id, "done");
  }

  #defineEnum(id: number): void {
    if (this.#state.get(id) !== undefined) return;
    this.#state.set(id, "done");
    this.parts.push(`${this.#enumBody(id, "")};\n\n`);
  }

  #defineTypedef(id: number): void {
    const state = this.#state.get(id);
    if (state === "done") return;
    if (state === "defining") throw new BtfError("BTF_LOOP", `typedef ${id} (${this.#btf.nameOf(id)}) needs itself`);
    this.#state.set(id, "defining");
    const target = this.#btf.sizeOrTypeOf(id);
    this.#need(target, false);
    this.parts.push(`typedef ${this.declaration(target, this.#names.typedef(id), "")};\n\n`);
    this.#state.set(id, "done");
  }

  /** `type name`, with everything that belongs around the name. */
  declaration(id: number, name: string, indent: string): string {
    // Prototypes may, by their parameters, lead back to themselves, or to very many others.
    const most = 10_000 + 100 * this.#btf.typeCount;
    if (++this.#declared > most) throw new BtfError("BTF_LIMIT", `more than ${most} declarations to write out`);
    if (++this.#nested > MAX_NESTED)
      throw new BtfError("BTF_LOOP", `declarations nested deeper than ${MAX_NESTED} levels`);
    const text = this.#declaration(id, name, indent);
    this.#nested--;
    return this.#budget.spend(text);
  }

  #declaration(id: number, name: string, indent: string): string {
    const btf = this.#btf;
    let inner = name;
    let qualifiers: string[] = [];
    let tags: string[] = [];
    let at = id;
    for (let depth = 0; depth <= MAX_DEPTH; depth++) {
      const type = btf.type(at);
      switch (type.kind) {
        case "const":
        case "volatile":
        case "restrict":
          qualifiers.push(type.kind);
          at = type.type;
          continue;
        case "type_tag":
          tags.unshift(this.#budget.spend(typeTag(type)));
          at = type.type;
          continue;
        case "ptr": {
          const words = [...tags, ...qualifiers];
          inner = words.length === 0 ? `*${inner}` : `* ${words.join(" ")}${inner === "" ? "" : ` ${inner}`}`;
          qualifiers = [];
          tags = [];
          at = type.type;
          continue;
        }
        case "array":
          // Qualifiers of an array are its elements'.
          inner = `${inner.startsWith("*") ? `(${inner})` : inner}[${type.length}]`;
          at = type.type;
          continue;
        case "func_proto": {
          const params = type.params.map((p) => this.declaration(p.type, identifier(p.name), indent));
          if (type.variadic) params.push("...");
          inner = `${inner.startsWith("*") ? `(${inner})` : inner}(${params.length === 0 ? "void" : params.join(", ")})`;
          qualifiers = [];
          tags = [];
          at = type.ret;
          continue;
        }
        default: {
          const words = [...qualifiers.filter((q) => q !== "restrict"), this.#base(at, indent), ...tags];
          if (inner !== "") words.push(inner);
          return words.join(" ");
        }
      }
    }
    throw new BtfError("BTF_LOOP", `type ${id} leads through more than ${MAX_DEPTH} other types`);
  }

  #base(id: number, indent: string): string {
    const type = this.#btf.type(id);
    switch (type.kind) {
      case "void":
        return "void";
      case "int":
      case "float":
        return type.name;
      case "typedef":
        return this.#names.typedef(id);
      case "struct":
      case "union":
        return type.name === "" ? this.#structBody(id, indent) : `${type.kind} ${this.#names.tag(id)}`;
      case "fwd":
        return `${type.union ? "union" : "struct"} ${this.#names.tag(id)}`;
      case "enum":
      case "enum64":
        if (type.name !== "") return `enum ${this.#names.tag(id)}`;
        // Enumerators can be written once only; a second use has to do with the integer.
        if (this.#enumsWritten.has(id)) return INTEGERS[`${type.signed ? "" : "u"}${type.size}`] ?? "int";
        return this.#enumBody(id, indent);
      default:
        throw new BtfError("BTF_KIND", `type ${id} is a ${type.kind}, which no type can be made of`);
    }
  }

  #structBody(id: number, indent: string): string {
    // Anonymous structs are written wherever they are used, which hostile types can make happen without end.
    const most = 1000 + 10 * this.#btf.typeCount;
    if (++this.#inlined > most) throw new BtfError("BTF_LIMIT", `more than ${most} structs to write out`);
    if (indent.length > MAX_INDENT)
      throw new BtfError("BTF_LOOP", `anonymous structs nested deeper than ${MAX_INDENT}`);
    const type = this.#btf.type(id);
    if (type.kind !== "struct" && type.kind !== "union") throw new Error(`type ${id} is no struct`);
    const { slots, unionSize } = cSlots(this.#btf, this.#layouts, id);
    const lines = [`${type.kind}${type.name === "" ? "" : ` ${this.#names.tag(id)}`} {\n`];
    const inside = `${indent}\t`;
    for (const slot of slots) {
      if ("pad" in slot) {
        lines.push(this.#budget.spend(`${inside}${PADS[slot.unit]}: ${slot.pad};\n`));
        continue;
      }
      const member = type.members[slot.member]!;
      const width = member.bitfieldSize === 0 ? "" : `: ${member.bitfieldSize}`;
      lines.push(`${inside}${this.declaration(member.type, identifier(member.name), inside)}${width};\n`);
    }
    if (unionSize !== undefined) lines.push(`${inside}char __padding[${unionSize}];\n`);
    lines.push(`${indent}}`);
    if (this.#layouts.of(id).packed) lines.push(" __attribute__((packed))");
    return lines.join("");
  }

  #enumBody(id: number, indent: string): string {
    const type = this.#btf.type(id);
    if (type.kind !== "enum" && type.kind !== "enum64") throw new Error(`type ${id} is no enum`);
    this.#enumsWritten.add(id);
    const head = `enum${type.name === "" ? "" : ` ${this.#names.tag(id)}`}`;
    if (type.values.length === 0) return head;
    const lines = [`${head} {\n`];
    for (const { name, value } of type.values)
      lines.push(this.#budget.spend(`${indent}\t${this.#names.enumerator(name)} = ${enumeratorValue(type, value)},\n`));
    lines.push(`${indent}}`);
    const mode = enumMode(type);
    if (mode !== undefined) lines.push(` __attribute__((mode(${mode})))`);
    return lines.join("");
  }
}

function typeTag({ name, attribute }: BtfTypeTag): string {
  return `__attribute__((${attribute ? name : `btf_type_tag(${JSON.stringify(name)})`}))`;
}

const MAX_INDENT = 200;
const PADS = { 8: "char", 16: "short", 32: "int", 64: "long" } as const;
const INTEGERS: Readonly<Record<string, string>> = {
  "1": "signed char",
  u1: "unsigned char",
  "2": "short",
  u2: "unsigned short",
  "4": "int",
  u4: "unsigned int",
  "8": "long long",
  u8: "unsigned long long",
};

function enumeratorValue(type: BtfEnum | BtfEnum64, value: number | bigint): string {
  if (typeof value === "number") return String(value);
  if (!type.signed) return `${value}ULL`;
  // The lowest number has no literal: its digits alone are already too large.
  return value === -(1n << 63n) ? "-9223372036854775807LL - 1" : `${value}LL`;
}

/** Enums are as large as an int, or as their values need; others say so. */
function enumMode(type: BtfEnum | BtfEnum64): string | undefined {
  if (type.size === 1) return "QI";
  if (type.size === 2) return "HI";
  if (type.size !== 8) return undefined;
  const fitsInt = type.values.every(({ value }) => BigInt(value) >= -(1n << 31n) && BigInt(value) < 1n << 32n);
  return fitsInt ? "DI" : undefined;
}
