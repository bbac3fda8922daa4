import { E2BIG, EEXIST, EINVAL } from "@bpf-ts/uapi/errno";
import type { BtfKind } from "../kinds.ts";
import type { Input } from "./input.ts";
import type { Log } from "./log.ts";
import { checkMember } from "./members.ts";
import { isRegularInt } from "./regular-int.ts";

/**
 * The second pass: where references lead.
 *
 * Every type that gets its size from another one is visited depth first, its size or target noted, and every member compared with the struct
 * that holds it. A type that is met again before it is finished contains itself. What counts as "contains" depends on where the walk began:
 * from a pointer, structs are not entered (a struct may hold a pointer to itself); from a struct or array, pointers are not.
 *
 * Because finished types are never visited again, the answer for odd types depends on the order of ids, here as in the kernel.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_check_all_types, btf_resolve and the kinds' resolve
 */

/** How deep references are followed. */
const MAX_DEPTH = 32;

const UNSEEN = 0;
const OPEN = 1;
const DONE = 2;

type Mode = "undecided" | "from pointer" | "from struct";

interface Vertex {
  id: number;
  /** For structs and sections: the first member that was not looked at yet. */
  next: number;
}

/** What a step of the walk answers: the id to visit first, or nothing when the type is finished. */
type Step = number | undefined;

/** A type with a size, and the size in bytes. */
export interface Sized {
  id: number;
  size: number;
}

const MODIFIERS: ReadonlySet<BtfKind> = new Set(["typedef", "volatile", "const", "restrict", "type_tag"]);
/** Kinds of which there are no values. */
const SIZELESS: ReadonlySet<BtfKind> = new Set(["void", "fwd", "func", "func_proto", "decl_tag"]);
/** Kinds that nothing may refer to (but tags, and sections to variables). */
const SOURCES: ReadonlySet<BtfKind> = new Set(["var", "decl_tag", "datasec"]);
const VISITED: ReadonlySet<BtfKind> = new Set([
  ...MODIFIERS,
  "ptr",
  "struct",
  "union",
  "array",
  "var",
  "func",
  "decl_tag",
  "datasec",
]);

export class Resolver {
  readonly #input: Input;
  readonly #log: Log;
  readonly #state: Uint8Array;
  readonly #target: Uint32Array;
  readonly #size: Uint32Array;
  #stack: Vertex[] = [];
  #mode: Mode = "undecided";

  constructor(input: Input, log: Log) {
    this.#input = input;
    this.#log = log;
    this.#state = new Uint8Array(input.typeCount);
    this.#target = new Uint32Array(input.typeCount);
    this.#size = new Uint32Array(input.typeCount);
  }

  /** Visits all types. */
  run(): void {
    this.#log.phase = "resolving";
    for (let id = 1; id < this.#input.typeCount; id++) {
      const kind = this.#input.kind(id);
      if (VISITED.has(kind) && this.#state[id] !== DONE) this.#resolve(id);
      if (kind === "func_proto") this.#checkPrototype(id);
    }
  }

  /** The type behind modifiers that has a size, or nothing. Needs all that it goes through to be finished. */
  sized(id: number): Sized | undefined {
    if (!this.#input.has(id)) return undefined;
    const kind = this.#input.kind(id);
    if (MODIFIERS.has(kind) || kind === "var") {
      const target = this.#target[id]!;
      const targetKind = this.#input.kind(target);
      return MODIFIERS.has(targetKind) || targetKind === "var" ? undefined : this.#sizedItself(target);
    }
    return this.#sizedItself(id);
  }

  #sizedItself(id: number): Sized | undefined {
    const kind = this.#input.kind(id);
    if (SIZELESS.has(kind)) return undefined;
    if (kind === "array") return { id, size: this.#size[id]! };
    if (kind === "ptr") return { id, size: 8 };
    return { id, size: this.#input.third(id) };
  }

  #resolve(root: number): void {
    this.#mode = "undecided";
    this.#stack = [];
    this.#push(root, root);
    for (let top = this.#stack.at(-1); top !== undefined; top = this.#stack.at(-1)) {
      const next = this.#step(top);
      if (next !== undefined) this.#push(next, root);
    }
    if (!this.#isSound(root)) this.#log.failType(EINVAL, root, "Invalid resolve state");
  }

  #push(id: number, root: number): void {
    if (this.#stack.length === MAX_DEPTH) this.#log.failType(E2BIG, root, `Exceeded max resolving depth:${MAX_DEPTH}`);
    if (this.#state[id] !== UNSEEN) this.#log.failType(EEXIST, root, "Loop detected");
    this.#state[id] = OPEN;
    this.#stack.push({ id, next: 0 });
    if (this.#mode === "undecided") {
      const kind = this.#input.kind(id);
      if (kind === "ptr") this.#mode = "from pointer";
      else if (kind === "struct" || kind === "union" || kind === "array") this.#mode = "from struct";
    }
  }

  #finish(target: number, size = 0): undefined {
    const { id } = this.#stack.pop()!;
    this.#target[id] = target;
    this.#size[id] = size;
    this.#state[id] = DONE;
  }

  /** Whether the walk has to visit `id` before its referrer can be finished. */
  #mustVisit(id: number): boolean {
    if (this.#state[id] === DONE) return false;
    const kind = this.#input.kind(id);
    switch (this.#mode) {
      case "undecided":
        return VISITED.has(kind);
      case "from pointer":
        return MODIFIERS.has(kind) || kind === "ptr";
      case "from struct":
        return MODIFIERS.has(kind) || kind === "array" || kind === "struct" || kind === "union";
    }
  }

  #step(top: Vertex): Step {
    const kind = this.#input.kind(top.id);
    switch (kind) {
      case "typedef":
      case "volatile":
      case "const":
      case "restrict":
      case "type_tag":
        return this.#stepModifier(top.id);
      case "ptr":
        return this.#stepPointer(top.id);
      case "var":
        return this.#stepVariable(top.id);
      case "array":
        return this.#stepArray(top.id);
      case "struct":
      case "union":
        return this.#stepStruct(top);
      case "datasec":
        return this.#stepSection(top);
      case "func":
        return this.#stepFunction(top.id);
      case "decl_tag":
        return this.#stepDeclTag(top.id);
      default:
        throw new Error(`${kind} is never resolved`);
    }
  }

  #fail(id: number, reason: string): never {
    return this.#log.failType(EINVAL, id, reason);
  }

  /** The referenced id, which must exist and must not be one that nothing refers to. */
  #referenced(id: number): number {
    const to = this.#input.third(id);
    if (!this.#input.has(to) || SOURCES.has(this.#input.kind(to))) this.#fail(id, "Invalid type_id");
    return to;
  }

  #stepModifier(id: number): Step {
    const to = this.#referenced(id);
    if (this.#mustVisit(to)) return to;
    return this.#finish(this.#sizedOrOpaque(id, to));
  }

  #stepPointer(id: number): Step {
    const to = this.#referenced(id);
    if (this.#mustVisit(to)) return to;
    const behind = this.#pointerBehindModifier(to);
    if (behind !== undefined) return behind;
    return this.#finish(this.#sizedOrOpaque(id, to));
  }

  #stepVariable(id: number): Step {
    const to = this.#referenced(id);
    if (this.#mustVisit(to)) return to;
    const behind = this.#pointerBehindModifier(to);
    if (behind !== undefined) return behind;
    const sized = this.sized(to);
    if (sized === undefined) return this.#fail(id, "Invalid type_id");
    return this.#finish(sized.id);
  }

  /** A modifier that was finished in a walk from a struct ended at a pointer that may not be finished; it is then still to be visited. */
  #pointerBehindModifier(id: number): Step {
    if (!MODIFIERS.has(this.#input.kind(id))) return undefined;
    const target = this.#target[id]!;
    return this.#input.kind(target) === "ptr" && this.#mustVisit(target) ? target : undefined;
  }

  /** Where a modifier or pointer ends: at something with a size, or at void, a forward declaration or a prototype. */
  #sizedOrOpaque(id: number, to: number): number {
    const sized = this.sized(to);
    if (sized !== undefined) return sized.id;
    const end = this.#state[to] === DONE ? this.#target[to]! : to;
    const kind = this.#input.kind(end);
    if (kind !== "void" && kind !== "fwd" && kind !== "func_proto") this.#fail(id, "Invalid type_id");
    return end;
  }

  #isElement(id: number): boolean {
    if (!this.#input.has(id)) return false;
    const kind = this.#input.kind(id);
    return !SIZELESS.has(kind) && !SOURCES.has(kind);
  }

  #stepArray(id: number): Step {
    const elementId = this.#input.extra(id, 0);
    const indexId = this.#input.extra(id, 1);
    const length = this.#input.extra(id, 2);
    if (!this.#isElement(indexId)) this.#fail(id, "Invalid index");
    if (this.#mustVisit(indexId)) return indexId;
    const index = this.sized(indexId);
    if (index === undefined || !this.#input.isInt(index.id) || !isRegularInt(this.#input, index.id))
      this.#fail(id, "Invalid index");
    if (!this.#isElement(elementId)) this.#fail(id, "Invalid elem");
    if (this.#mustVisit(elementId)) return elementId;
    const element = this.sized(elementId);
    if (element === undefined) return this.#fail(id, "Invalid elem");
    if (this.#input.isInt(element.id) && !isRegularInt(this.#input, element.id)) this.#fail(id, "Invalid array of int");
    if (length !== 0 && element.size > Math.floor(0xffffffff / length)) this.#fail(id, "Array size overflows U32_MAX");
    return this.#finish(element.id, element.size * length);
  }

  #stepStruct(top: Vertex): Step {
    const { id } = top;
    const count = this.#input.vlen(id);
    if (top.next > 0) this.#checkMember(id, top.next - 1);
    for (let i = top.next; i < count; i++) {
      const member = this.#input.member(id, i);
      if (!this.#isElement(member.type)) this.#log.failMember(EINVAL, id, member, "Invalid member");
      if (this.#mustVisit(member.type)) {
        top.next = i + 1;
        return member.type;
      }
      this.#checkMember(id, i);
    }
    return this.#finish(0);
  }

  #checkMember(id: number, index: number): void {
    checkMember({ input: this.#input, log: this.#log, resolver: this, struct: id }, this.#input.member(id, index));
  }

  #stepSection(top: Vertex): Step {
    this.#mode = "undecided";
    const input = this.#input;
    const { id } = top;
    for (let i = top.next; i < input.vlen(id); i++) {
      const variable = input.extra(id, i * 3);
      const offset = input.extra(id, i * 3 + 1);
      const size = input.extra(id, i * 3 + 2);
      const fail = (reason: string): never => this.#log.failVariable(EINVAL, id, variable, offset, size, reason);
      if (!input.has(variable) || input.kind(variable) !== "var") fail("Not a VAR kind member");
      if (this.#mustVisit(variable)) {
        top.next = i + 1;
        return variable;
      }
      const sized = this.sized(input.third(variable));
      if (sized === undefined) fail("Invalid type");
      else if (size < sized.size) fail("Invalid size");
    }
    return this.#finish(0);
  }

  #stepFunction(id: number): Step {
    const input = this.#input;
    const proto = input.third(id);
    if (!input.has(proto) || input.kind(proto) !== "func_proto") this.#fail(id, "Invalid type_id");
    for (let i = 0; i < input.vlen(proto); i++)
      if (input.extra(proto, i * 2) === 0 && input.extra(proto, i * 2 + 1) !== 0)
        this.#fail(id, `Invalid arg#${i + 1}`);
    return this.#finish(proto);
  }

  #stepDeclTag(id: number): Step {
    const input = this.#input;
    const to = input.third(id);
    const kind = input.has(to) ? input.kind(to) : "void";
    if (kind !== "func" && kind !== "struct" && kind !== "union" && kind !== "var" && kind !== "typedef")
      this.#fail(id, "Invalid type_id");
    if (this.#mustVisit(to)) return to;
    const component = input.extra(id, 0) | 0;
    if (component !== -1) {
      if (kind === "var" || kind === "typedef") this.#fail(id, "Invalid component_idx");
      const count = input.vlen(kind === "func" ? input.third(to) : to);
      if (component >>> 0 >= count) this.#fail(id, "Invalid component_idx");
    }
    return this.#finish(to);
  }

  /** What a finished walk must have left behind. @see v6.18 kernel/bpf/btf.c, btf_resolve_valid */
  #isSound(id: number): boolean {
    const kind = this.#input.kind(id);
    const target = this.#target[id]!;
    const size = this.#size[id]!;
    if (kind === "struct" || kind === "union" || kind === "datasec") return target === 0 && size === 0;
    if (kind === "decl_tag" || kind === "func") return target !== 0 && size === 0;
    if (kind === "array") {
      const element = this.sized(this.#input.extra(id, 0));
      if (element === undefined || MODIFIERS.has(this.#input.kind(element.id))) return false;
      return Math.imul(this.#input.extra(id, 2), element.size) >>> 0 === size;
    }
    const targetKind = this.#input.kind(target);
    return !MODIFIERS.has(targetKind) && targetKind !== "var" && targetKind !== "datasec";
  }

  /** Return type and parameters, all of which need a size. @see v6.18 kernel/bpf/btf.c, btf_func_proto_check */
  #checkPrototype(id: number): void {
    const input = this.#input;
    const ret = input.third(id);
    const isValue = (type: number): boolean => {
      if (!input.has(type) || SOURCES.has(input.kind(type))) return false;
      if (VISITED.has(input.kind(type)) && this.#state[type] !== DONE) this.#resolve(type);
      return this.sized(type) !== undefined;
    };
    if (ret !== 0 && !isValue(ret)) this.#fail(id, "Invalid return type");
    let count = input.vlen(id);
    if (count > 0 && input.extra(id, (count - 1) * 2 + 1) === 0) {
      if (input.extra(id, (count - 1) * 2) !== 0) this.#fail(id, `Invalid arg#${count}`);
      count--;
    }
    for (let i = 0; i < count; i++) {
      const name = input.extra(id, i * 2);
      const type = input.extra(id, i * 2 + 1);
      const bad = (): never => this.#fail(id, `Invalid arg#${i + 1}`);
      if (!input.has(type) || SOURCES.has(input.kind(type))) bad();
      if (name !== 0 && !input.isIdentifierAt(name)) bad();
      if (!isValue(type)) bad();
    }
  }
}
