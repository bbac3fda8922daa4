import type { Btf } from "../btf.ts";
import type { BtfFwd } from "../types.ts";
import { UniqueNames } from "./unique-name.ts";

/**
 * Names in C. Two name spaces: tags of structs, unions and enums; and ordinary identifiers (typedefs, enumerators). BTF may hold several types of
 * one name; the first asked for keeps it, the others become `name___2`, `name___3`, as bpftool calls them.
 */
export class CNames {
  readonly #btf: Btf;
  readonly #tags = new Map<number, string>();
  readonly #typedefs = new Map<number, string>();
  readonly #definitions = new Map<string, number | undefined>();
  readonly #takenTags = new UniqueNames();
  /** The compiler's own `__builtin_va_list` is that of its target, not the described machine's: it gets another name. */
  readonly #takenIdentifiers = new UniqueNames(["__builtin_va_list"]);

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  /** The tag of a named struct, union, enum or forward declaration. */
  tag(id: number): string {
    let tag = this.#tags.get(id);
    if (tag === undefined) {
      // A forward declaration means the definition of its name, where there is one.
      const type = this.#btf.type(id);
      const definition = type.kind === "fwd" ? this.definitionOf(type) : undefined;
      tag = definition === undefined ? this.#takenTags.take(identifier(this.#btf.nameOf(id))) : this.tag(definition);
      this.#tags.set(id, tag);
    }
    return tag;
  }

  /** The struct or union that a forward declaration means; looked for once, however many declarations there are. */
  definitionOf({ name, union }: BtfFwd): number | undefined {
    const kind = union ? "union" : "struct";
    const key = `${kind} ${name}`;
    if (!this.#definitions.has(key)) this.#definitions.set(key, this.#btf.findByName(name, kind));
    return this.#definitions.get(key);
  }

  typedef(id: number): string {
    let name = this.#typedefs.get(id);
    if (name === undefined) {
      name = this.#takenIdentifiers.take(identifier(this.#btf.nameOf(id)));
      this.#typedefs.set(id, name);
    }
    return name;
  }

  /** The name of an enumerator; each call takes one more. */
  enumerator(name: string): string {
    return this.#takenIdentifiers.take(identifier(name));
  }
}

/** BTF names may hold what C's must not: other characters, or keywords (from other languages). */
export function identifier(name: string): string {
  const plain = name.replace(/[^\w$]/g, "_").replace(/^(?=\d)/, "_");
  return KEYWORDS.has(plain) ? `${plain}_` : plain;
}

const KEYWORDS: ReadonlySet<string> = new Set(
  (
    "auto break case char const continue default do double else enum extern float for goto if inline int long register restrict return " +
    "short signed sizeof static struct switch typedef typeof union unsigned void volatile while _Bool"
  ).split(" "),
);
