import type { Btf } from "../btf.ts";
import type { CodecOptions } from "../codec/codec.ts";
import { BtfError } from "../error.ts";
import { BTF_INT_BOOL, BTF_INT_CHAR } from "../kinds.ts";
import type { BtfStruct } from "../types.ts";
import { TextBudget } from "./text.ts";
import { UniqueNames } from "./unique-name.ts";

/** Options of {@link renderTypeScript}. The choices of the codec are described there and must be the same. */
export interface RenderTypeScriptOptions extends Pick<CodecOptions, "int64" | "enums" | "chars" | "memberName"> {
  /** Only these types and what they need. Default: all structs, unions, enums and typedefs with a name. */
  roots?: readonly number[];
}

/**
 * TypeScript declarations of the values that {@link codecFor} makes of types: an interface for a struct or union, a type for an enum or typedef.
 * Alternatives of a union are optional members, because one of them is enough to encode it.
 *
 * @throws BtfError BTF_TYPE_ID, BTF_STRINGS, BTF_LOOP, BTF_LIMIT
 */
export function renderTypeScript(btf: Btf, options: RenderTypeScriptOptions = {}): string {
  const writer = new TypeScriptWriter(btf, options);
  if (options.roots !== undefined) for (const id of options.roots) writer.root(id);
  else
    for (const type of btf.types())
      if (["struct", "union", "enum", "enum64", "typedef"].includes(type.kind) && type.name !== "")
        writer.root(type.id);
  return writer.text();
}

const MAX_DEPTH = 200;

class TypeScriptWriter {
  readonly #btf: Btf;
  readonly #options: RenderTypeScriptOptions;
  readonly #names = new Map<number, string>();
  readonly #taken = new UniqueNames();
  readonly #queue: number[] = [];
  readonly #parts: string[] = [];
  readonly #budget = new TextBudget();
  #depth = 0;
  #inlined = 0;

  constructor(btf: Btf, options: RenderTypeScriptOptions) {
    this.#btf = btf;
    this.#options = options;
  }

  root(id: number): void {
    this.#reference(id, "");
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#declare(next);
  }

  text(): string {
    return this.#parts.join("\n");
  }

  /** The name of a type that has a declaration of its own, which follows. */
  #named(id: number): string {
    let name = this.#names.get(id);
    if (name === undefined) {
      const plain = this.#btf
        .nameOf(id)
        .replace(/[^\w$]/g, "_")
        .replace(/^(?=\d)/, "_");
      name = this.#taken.take(RESERVED.has(plain) ? `${plain}_` : plain);
      this.#names.set(id, name);
      this.#queue.push(id);
    }
    return name;
  }

  #declare(id: number): void {
    const type = this.#btf.type(id);
    const name = this.#named(id);
    if (type.kind === "struct" || type.kind === "union")
      this.#parts.push(`export interface ${name} ${this.#body(type, "")}\n`);
    else if (type.kind === "enum" || type.kind === "enum64")
      this.#parts.push(`export type ${name} = ${this.#values(id)};\n`);
    else if (type.kind === "typedef") this.#parts.push(`export type ${name} = ${this.#reference(type.type, "")};\n`);
    else if (type.kind === "datasec") {
      const lines = type.vars.map(
        (v) => `  ${this.#property(this.#btf.nameOf(v.type))}: ${this.#reference(v.type, "  ")};\n`,
      );
      this.#parts.push(`export interface ${name} {\n${lines.join("")}}\n`);
    } else throw new Error(`a ${type.kind} has no declaration`);
  }

  /** The type as it is written where it is used. */
  #reference(id: number, indent: string): string {
    if (++this.#depth > MAX_DEPTH) throw new BtfError("BTF_LOOP", `types nested deeper than ${MAX_DEPTH} levels`);
    const text = this.#use(id, indent);
    this.#depth--;
    return this.#budget.spend(text);
  }

  #use(id: number, indent: string): string {
    const type = this.#btf.type(id);
    switch (type.kind) {
      case "int":
        if ((type.encoding & BTF_INT_BOOL) !== 0) return "boolean";
        if (type.size > 8) return "bigint";
        return type.size > 4 ? this.#wide() : "number";
      case "float":
        return "number";
      case "ptr":
        return this.#btf.pointerSize > 4 ? this.#wide() : "number";
      case "enum":
      case "enum64":
        return type.name === "" ? this.#values(id) : this.#named(id);
      case "struct":
      case "union":
        return type.name === "" ? this.#body(type, indent) : this.#named(id);
      case "typedef":
        return this.#named(id);
      case "array": {
        if ((this.#options.chars ?? "string") === "string" && this.#isChar(type.type)) return "string";
        const element = this.#reference(type.type, indent);
        return /^[^{(]* \| /.test(element) ? `(${element})[]` : `${element}[]`;
      }
      case "const":
      case "volatile":
      case "restrict":
      case "type_tag":
      case "var":
        return this.#reference(type.type, indent);
      case "datasec":
        return this.#named(id);
      default:
        // Void, functions and forward declarations have no values.
        return "never";
    }
  }

  #wide(): string {
    return this.#options.int64 ?? "bigint";
  }

  #isChar(id: number): boolean {
    const type = this.#btf.type(this.#btf.resolve(id));
    return type.kind === "int" && type.size === 1 && (type.name === "char" || (type.encoding & BTF_INT_CHAR) !== 0);
  }

  #values(id: number): string {
    const type = this.#btf.type(id);
    if (type.kind !== "enum" && type.kind !== "enum64") throw new Error(`type ${id} is no enum`);
    const number = type.size > 4 ? this.#wide() : "number";
    if (this.#options.enums === "number") return number;
    const names = [...new Set(type.values.map((v) => JSON.stringify(v.name)))];
    return this.#budget.spend([...names, number].join(" | "));
  }

  #body(type: BtfStruct, indent: string): string {
    const lines: string[] = [];
    this.#members(type, indent, type.kind === "union", lines);
    return lines.length === 0 ? "{}" : `{\n${lines.join("")}${indent}}`;
  }

  /** Members of anonymous structs and unions are their holder's. */
  #members(type: BtfStruct, indent: string, optional: boolean, lines: string[]): void {
    if (++this.#depth > MAX_DEPTH) throw new BtfError("BTF_LOOP", `types nested deeper than ${MAX_DEPTH} levels`);
    const most = 1000 + 10 * this.#btf.typeCount;
    if (++this.#inlined > most) throw new BtfError("BTF_LIMIT", `more than ${most} structs to write out`);
    for (const member of type.members) {
      const inner = this.#btf.type(this.#btf.resolve(member.type));
      if (member.name === "") {
        if (inner.kind === "struct" || inner.kind === "union")
          this.#members(inner, indent, optional || inner.kind === "union", lines);
        continue;
      }
      const mark = optional ? "?" : "";
      const text = `${this.#property(member.name)}${mark}: ${this.#reference(member.type, `${indent}  `)}`;
      lines.push(this.#budget.spend(`${indent}  ${text};\n`));
    }
    this.#depth--;
  }

  #property(name: string): string {
    const own = this.#options.memberName?.(name) ?? name;
    return /^[A-Za-z_$][\w$]*$/.test(own) ? own : JSON.stringify(own);
  }
}

/** Names that no type may have. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    "any bigint boolean never null number object string symbol undefined unknown void true false this typeof break case catch class const continue " +
    "debugger default delete do else enum export extends finally for function if import in instanceof new return super switch throw try var while with"
  ).split(" "),
);
