import type { Btf } from "@bpf-ts/btf";
import type { FieldDifference } from "./comparison.ts";
import { bitsOf, type Field, FieldBudget, fieldsOf, MAX_NESTED, placeOf, tooDeep } from "./fields.ts";
import { readDifferently, shapeOf } from "./scalars.ts";

/** What a comparison of key or value types finds. */
export interface TypeDifferences {
  differences: FieldDifference[];
  warnings: string[];
}

/** One side of a pair: a field, and the bits from the start of the key or value to what it is part of. */
interface Side {
  field: Field;
  base: number;
}

/**
 * Compares the types of a map's keys or values field by field, by name.
 *
 * @param part `key` or `value`: what paths start with
 * @throws BtfError for BTF that describes no value
 * @throws UnsupportedError types of more than 100,000 fields
 */
export function compareTypes(
  part: "key" | "value",
  oldBtf: Btf,
  oldId: number,
  newBtf: Btf,
  newId: number,
): TypeDifferences {
  const walk = new Walk(part, oldBtf, newBtf);
  walk.pair(part, whole(oldId), whole(newId), 0);
  return walk;
}

function whole(type: number): Side {
  return { field: { name: "", type, at: 0, bits: 0 }, base: 0 };
}

class Walk implements TypeDifferences {
  differences: FieldDifference[] = [];
  readonly warnings: string[] = [];
  readonly #part: "key" | "value";
  readonly #old: Btf;
  readonly #new: Btf;
  /** Pairs of struct or union types without any difference. */
  readonly #same = new Set<string>();
  readonly #budget: FieldBudget;

  constructor(part: "key" | "value", oldBtf: Btf, newBtf: Btf, budget: FieldBudget = new FieldBudget()) {
    this.#budget = budget;
    this.#part = part;
    this.#old = oldBtf;
    this.#new = newBtf;
  }

  /** Two fields of one name, or two whole types. */
  pair(path: string, was: Side, is: Side, depth: number): void {
    this.#budget.take();
    const oldId = this.#old.resolve(was.field.type);
    const newId = this.#new.resolve(is.field.type);
    if (depth > MAX_NESTED) throw tooDeep(this.#old, oldId);
    const shape = shapeOf(this.#old, oldId);
    const newShape = shapeOf(this.#new, newId);
    const numbers = shape === "number" || shape === "pointer";
    if (shape !== newShape && !(numbers && (newShape === "number" || newShape === "pointer"))) {
      this.#changed("retyped", path, was, is, "breaking", `no ${shape} becomes a ${newShape} by itself`);
    } else if (numbers) {
      this.#numbers(path, was, is, oldId, newId);
    } else if (shape === "array") {
      this.#arrays(path, was, is, oldId, newId, depth);
    } else if (shape === "other") {
      this.#changed("retyped", path, was, is, "breaking", `a ${this.#old.kindOf(oldId)} is no value`);
    } else {
      this.#aggregates(path, was, is, oldId, newId, depth);
    }
  }

  #numbers(path: string, was: Side, is: Side, oldId: number, newId: number): void {
    const oldBits = bitsOf(this.#old, was.field);
    const newBits = bitsOf(this.#new, is.field);
    const reasons: string[] = [];
    const reading = readDifferently(this.#old, oldId, this.#new, newId);
    if (reading !== undefined) reasons.push(reading);
    const resized = oldBits !== newBits || (was.field.bits === 0) !== (is.field.bits === 0);
    if (resized) reasons.push(`${width(oldBits)} become ${width(newBits)}`);
    const moved = was.field.at !== is.field.at;
    if (moved) reasons.push(move(was, is));
    if (newBits < oldBits) this.#narrowed(path, `${width(newBits)} do not hold every value of ${width(oldBits)}`);
    if (reasons.length === 0) this.#renamedType(path, was, is, oldId, newId);
    else {
      const kind = reading !== undefined ? "retyped" : resized ? "resized" : "moved";
      this.#changed(kind, path, was, is, "migratable", reasons.join(", "));
    }
  }

  #narrowed(path: string, why: string): void {
    this.warnings.push(`${path}: ${why}${this.#part === "key" ? "; different keys may become one" : ""}`);
  }

  #arrays(path: string, was: Side, is: Side, oldId: number, newId: number, depth: number): void {
    const oldLength = this.#old.arrayLengthOf(oldId);
    const newLength = this.#new.arrayLengthOf(newId);
    const reasons: string[] = [];
    if (oldLength !== newLength) reasons.push(`${oldLength} elements become ${newLength}`);
    if (was.field.at !== is.field.at) reasons.push(move(was, is));
    if (newLength < oldLength) this.#narrowed(path, `elements from ${newLength} on have no place`);
    if (reasons.length > 0)
      this.#changed(oldLength === newLength ? "moved" : "resized", path, was, is, "migratable", reasons.join(", "));
    this.pair(`${path}[]`, element(this.#old, oldId, was), element(this.#new, newId, is), depth + 1);
  }

  #aggregates(path: string, was: Side, is: Side, oldId: number, newId: number, depth: number): void {
    if (was.field.at !== is.field.at) this.#changed("moved", path, was, is, "migratable", move(was, is));
    const key = `${oldId}:${newId}`;
    if (this.#same.has(key)) return;
    const before = this.differences.length;
    this.#renamedType(path, was, is, oldId, newId);
    const oldBase = was.base + was.field.at;
    const newBase = is.base + is.field.at;
    if (this.#old.kindOf(oldId) === "union") this.#unions(path, was, is, oldId, newId, depth);
    else
      this.#members(
        path,
        fieldsOf(this.#old, oldId, this.#budget),
        oldBase,
        fieldsOf(this.#new, newId, this.#budget),
        newBase,
        depth,
      );
    const resized = bitsOf(this.#old, was.field) !== bitsOf(this.#new, is.field);
    if (resized && this.differences.length === before)
      this.#changed("resized", path, was, is, "migratable", "its padding alone");
    if (this.differences.length === before) this.#same.add(key);
  }

  /** Nothing tells which member of a union an entry holds, so that nothing can be converted in it; members may be added. */
  #unions(path: string, was: Side, is: Side, oldId: number, newId: number, depth: number): void {
    const outer = this.differences;
    this.differences = [];
    const oldBase = was.base + was.field.at;
    const newBase = is.base + is.field.at;
    this.#members(
      path,
      fieldsOf(this.#old, oldId, this.#budget),
      oldBase,
      fieldsOf(this.#new, newId, this.#budget),
      newBase,
      depth,
    );
    const sameSize = bitsOf(this.#old, was.field) === bitsOf(this.#new, is.field);
    const found = this.differences.map((difference) =>
      difference.kind === "added" && sameSize
        ? { ...difference, effect: "reusable" as const, reason: "one more member of a union of the same size" }
        : difference,
    );
    this.differences = [...outer, ...found];
    const culprit = found.find(({ kind, effect }) => kind !== "added" && effect !== "reusable");
    if (culprit === undefined) return;
    const reason = `nothing says which of a union's members an entry holds, and ${culprit.path} differs`;
    this.#changed("retyped", path, was, is, "breaking", reason);
  }

  #members(
    path: string,
    oldFields: readonly Field[],
    oldBase: number,
    newFields: readonly Field[],
    newBase: number,
    depth: number,
  ): void {
    const added = new Set(newFields);
    const removed: Field[] = [];
    let common = 0;
    const byName = new Map(newFields.filter(({ name }) => name !== "").map((field) => [field.name, field]));
    for (const field of oldFields) {
      const other = field.name === "" ? this.#sameUnion(field, added) : byName.get(field.name);
      if (other === undefined) {
        removed.push(field);
        continue;
      }
      common++;
      added.delete(other);
      const to = field.name === "" ? path : `${path}.${field.name}`;
      this.pair(to, { field, base: oldBase }, { field: other, base: newBase }, depth + 1);
    }
    const gone = removed.filter((field) => {
      const other = [...added].find((candidate) => this.#equal(field, candidate, depth));
      if (other === undefined) return true;
      common++;
      added.delete(other);
      const reason = `${other.name} lies where it was; only its name says whether it means the same`;
      const to = `${path}.${field.name}`;
      this.#changed("renamed", to, { field, base: oldBase }, { field: other, base: newBase }, "migratable", reason);
      return false;
    });
    const strange = path === this.#part && common === 0;
    for (const field of gone) {
      this.differences.push({
        kind: "removed",
        path: `${path}.${display(field)}`,
        old: placeOf(this.#old, field, oldBase),
        effect: strange ? "breaking" : "migratable",
        reason: strange ? "the two have no field in common" : "its contents are dropped",
      });
      if (this.#part === "key") this.#narrowed(`${path}.${display(field)}`, "removed");
    }
    for (const field of added) {
      this.differences.push({
        kind: "added",
        path: `${path}.${display(field)}`,
        new: placeOf(this.#new, field, newBase),
        effect: "migratable",
        reason: "old entries have nothing to put there",
      });
    }
  }

  /** The anonymous union that shares a member's name with this one. */
  #sameUnion(union: Field, candidates: ReadonlySet<Field>): Field | undefined {
    const names = this.#memberNames(this.#old, union);
    return [...candidates].find(
      (candidate) =>
        candidate.name === "" && this.#memberNames(this.#new, candidate).some((name) => names.includes(name)),
    );
  }

  #memberNames(btf: Btf, union: Field): string[] {
    const id = btf.resolve(union.type);
    if (btf.kindOf(id) !== "union") return [];
    return fieldsOf(btf, id, this.#budget).flatMap(({ name }) => (name === "" ? [] : [name]));
  }

  /** The same place in what they are part of, and nothing to tell their types apart by. */
  #equal(was: Field, is: Field, depth: number): boolean {
    this.#budget.take();
    if (was.name === "" || is.name === "" || was.at !== is.at || was.bits !== is.bits) return false;
    if (bitsOf(this.#old, was) !== bitsOf(this.#new, is)) return false;
    const trial = new Walk(this.#part, this.#old, this.#new, this.#budget);
    trial.pair("", { field: was, base: 0 }, { field: is, base: 0 }, depth + 1);
    return trial.differences.every(({ effect }) => effect === "reusable");
  }

  /** Tags of structs, unions and enums: nothing but the text of programs depends on them. */
  #renamedType(path: string, was: Side, is: Side, oldId: number, newId: number): void {
    const before = this.#old.nameOf(oldId);
    const after = this.#new.nameOf(newId);
    const kind = this.#old.kindOf(oldId);
    if (before === after || before === "" || after === "" || kind !== this.#new.kindOf(newId)) return;
    if (kind !== "struct" && kind !== "union" && kind !== "enum" && kind !== "enum64") return;
    this.#changed("renamed", path, was, is, "reusable", `${kind} ${before} is now called ${after}`);
  }

  #changed(
    kind: FieldDifference["kind"],
    path: string,
    was: Side,
    is: Side,
    effect: FieldDifference["effect"],
    reason: string,
  ): void {
    const [from, to] = [placeOf(this.#old, was.field, was.base), placeOf(this.#new, is.field, is.base)];
    this.differences.push({ kind, path, old: from, new: to, effect, reason });
  }
}

/** An array's first element, seen from where the array is. */
function element(btf: Btf, arrayId: number, { field, base }: Side): Side {
  return { field: { name: "", type: btf.arrayTypeOf(arrayId), at: 0, bits: 0 }, base: base + field.at };
}

function display(field: Field): string {
  return field.name === "" ? "<union>" : field.name;
}

function width(bits: number): string {
  const [count, unit] = bits % 8 === 0 ? [bits / 8, "byte"] : [bits, "bit"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function move(was: Side, is: Side): string {
  const at = ({ base, field }: Side): string => {
    const bit = base + field.at;
    return bit % 8 === 0 ? `${bit / 8}` : `${Math.floor(bit / 8)} bit ${bit % 8}`;
  };
  return `from offset ${at(was)} to ${at(is)}`;
}
