import { decodeBytes } from "../read/strings.ts";
import type { Input, RawMember } from "./input.ts";
import { Rejection } from "./rejection.ts";

/** What one call of the kernel's log function holds at most, in bytes; longer text is cut. */
const MAX_PIECE = 1023;
/** Bytes of a log that are kept, its end: what fits into the largest buffer that loaders give the kernel. A file of 16 MB can make a thousand times as much. */
const MAX_LOG = 2 ** 24 - 1;

/** Which of the two passes is running: the second repeats a struct's line before a line about its member. */
export type Phase = "records" | "resolving";

/**
 * The log of one validation, in the kernel's words. The kernel copies names byte by byte and cuts by bytes: pieces have a character a byte here too, and
 * only the whole is read as UTF-8.
 *
 * @see v6.18 kernel/bpf/btf.c, __btf_verifier_log_type, btf_verifier_log_member, btf_verifier_log_vsi
 */
export class Log {
  readonly #input: Input;
  readonly #verbose: boolean;
  #text: string[] = [];
  #length = 0;
  phase: Phase = "records";
  /** Whether the log ends with the reason of a rejection. */
  hasReason = false;

  constructor(input: Input, verbose: boolean) {
    this.#input = input;
    this.#verbose = verbose;
  }

  get text(): string {
    const text = this.#text.join("").slice(-MAX_LOG);
    return /^[\0-\x7f]*$/.test(text)
      ? text
      : decodeBytes(
          Uint8Array.from(text, (c) => c.charCodeAt(0)),
          false,
        );
  }

  /** Appends what only a verbose log holds. */
  trace(piece: string): void {
    if (this.#verbose) this.#add(piece);
  }

  traceType(id: number): void {
    if (this.#verbose) this.#type(id, true, "");
  }

  traceMember(id: number, member: RawMember): void {
    if (this.#verbose) this.#member(id, member, "");
  }

  traceVariable(id: number, type: number, offset: number, size: number): void {
    if (this.#verbose) this.#variable(id, type, offset, size, "");
  }

  /** Rejects with a text of its own. */
  fail(errno: number, text: string): never {
    this.#add(text);
    return this.#reject(errno);
  }

  /** Rejects because of a type: its line, the reason at its end. */
  failType(errno: number, id: number, reason: string): never {
    this.#type(id, true, reason);
    return this.#reject(errno);
  }

  /** As {@link Log.failType}, for a record of which no more than the head is known to be there. */
  failHead(errno: number, id: number, reason: string): never {
    this.#type(id, false, reason);
    return this.#reject(errno);
  }

  failMember(errno: number, id: number, member: RawMember, reason: string): never {
    this.#member(id, member, reason);
    return this.#reject(errno);
  }

  failVariable(errno: number, id: number, type: number, offset: number, size: number, reason: string): never {
    this.#variable(id, type, offset, size, reason);
    return this.#reject(errno);
  }

  #reject(errno: number): never {
    this.hasReason = true;
    throw new Rejection(errno);
  }

  #add(piece: string): void {
    const kept = piece.slice(0, MAX_PIECE);
    this.#text.push(kept);
    this.#length += kept.length;
    if (this.#length < 2 * MAX_LOG) return;
    this.#text = [this.#text.join("").slice(-MAX_LOG)];
    this.#length = MAX_LOG;
  }

  #type(id: number, details: boolean, reason: string): void {
    const input = this.#input;
    this.#add(`[${id}] ${input.kind(id).toUpperCase()} ${input.shown(input.nameOffset(id))}${details ? " " : ""}`);
    if (details) for (const piece of detailsOf(input, id)) this.#add(piece);
    if (reason !== "") this.#add(` ${reason}`);
    this.#add("\n");
  }

  #member(id: number, member: RawMember, reason: string): void {
    if (this.phase === "resolving") this.#type(id, true, "");
    const name = this.#input.shown(member.name);
    if (this.#input.flag(id)) {
      const { offset } = member;
      this.#add(`\t${name} type_id=${member.type} bitfield_size=${offset >>> 24} bits_offset=${offset & 0xffffff}`);
    } else {
      this.#add(`\t${name} type_id=${member.type} bits_offset=${member.offset}`);
    }
    this.#add(reason === "" ? "\n" : ` ${reason}\n`);
  }

  #variable(id: number, type: number, offset: number, size: number, reason: string): void {
    if (this.phase === "resolving") this.#type(id, true, "");
    this.#add(`\t type_id=${type} offset=${offset} size=${size}`);
    this.#add(reason === "" ? "\n" : ` ${reason}\n`);
  }
}

/** What follows kind and name in a type's line. */
function detailsOf(input: Input, id: number): string[] {
  const third = input.third(id);
  const kind = input.kind(id);
  switch (kind) {
    case "int": {
      const data = input.extra(id, 0);
      const encoding = ENCODINGS[(data >>> 24) & 0xf] ?? "UNKN";
      return [`size=${third} bits_offset=${(data >>> 16) & 0xff} nr_bits=${data & 0xff} encoding=${encoding}`];
    }
    case "array":
      return [`type_id=${input.extra(id, 0)} index_type_id=${input.extra(id, 1)} nr_elems=${input.extra(id, 2)}`];
    case "struct":
    case "union":
    case "enum":
    case "enum64":
    case "datasec":
      return [`size=${third} vlen=${input.vlen(id)}`];
    case "fwd":
      return [input.flag(id) ? "union" : "struct"];
    case "func_proto":
      return prototype(input, id);
    case "var":
      return [`type_id=${third} linkage=${input.extra(id, 0)}`];
    case "float":
      return [`size=${third}`];
    case "decl_tag":
      return [`type=${third} component_idx=${input.extra(id, 0) | 0}`];
    default:
      return [`type_id=${third}`];
  }
}

const ENCODINGS: Readonly<Record<number, string>> = { 0: "(none)", 1: "SIGNED", 2: "CHAR", 4: "BOOL" };

function prototype(input: Input, id: number): string[] {
  const count = input.vlen(id);
  const pieces = [`return=${input.third(id)} args=(`];
  if (count === 0) pieces.push("void");
  for (let i = 0; i < count; i++) {
    const type = input.extra(id, i * 2 + 1);
    const separator = i === 0 ? "" : ", ";
    // Type 0 marks a variadic list where it is the last of several, or alone.
    if (type === 0 && i === count - 1) pieces.push(`${separator}vararg`);
    else pieces.push(`${separator}${type} ${input.shown(input.extra(id, i * 2))}`);
  }
  pieces.push(")");
  return pieces;
}
