import { EINVAL, ENOTSUPP } from "@bpf-ts/uapi/errno";
import { BTF_INT_BOOL, BTF_INT_CHAR, BTF_INT_SIGNED, BTF_MAX_TYPE, type BtfKind, NR_BTF_KINDS } from "../kinds.ts";
import type { RawHeader } from "./header.ts";
import { type Input, RECORD_HEAD } from "./input.ts";
import type { Log } from "./log.ts";
import { isIdentifier, isSectionName } from "./names.ts";

/**
 * The first pass: each record for itself. Afterwards every record is whole, its own names and numbers are in order, and ids are below the
 * kernel's limit (but may lead nowhere).
 *
 * @see v6.18 kernel/bpf/btf.c, btf_check_all_metas, btf_check_meta and the kinds' check_meta
 */
export function checkRecords(input: Input, header: RawHeader, log: Log): void {
  if (header.typeOffset % 4 !== 0) log.fail(EINVAL, "Unaligned type_off");
  if (header.typeLength === 0) log.fail(EINVAL, "No type found");
  let at = header.headerLength + header.typeOffset;
  const end = at + header.typeLength;
  while (at < end) {
    const id = input.records.length;
    const left = end - at;
    if (left < RECORD_HEAD) log.fail(EINVAL, `[${id}] meta_left:${left} meta_needed:${RECORD_HEAD}`);
    const info = input.u32(at + 4);
    if ((info & ~INFO_MASK) !== 0) log.fail(EINVAL, `[${id}] Invalid btf_info:${info.toString(16)}`);
    const kind = (info >>> 24) & 0x1f;
    if (kind === 0 || kind >= NR_BTF_KINDS) log.fail(EINVAL, `[${id}] Invalid kind:${kind}`);
    const name = input.u32(at);
    if (!input.isNameOffset(name)) log.fail(EINVAL, `[${id}] Invalid name_offset:${name}`);
    input.records.push(at);
    at +=
      RECORD_HEAD +
      RECORD_CHECKS[input.kind(id) as Exclude<BtfKind, "void">]({ input, log, id, left: left - RECORD_HEAD });
    if (id >= BTF_MAX_TYPE) log.trace("Exceeded max num of types");
  }
  // The kernel checks records beyond its limit and then forgets them: an id that would be theirs leads nowhere.
  if (input.records.length > BTF_MAX_TYPE) input.records.length = BTF_MAX_TYPE;
}

/** Kind flag, kind, vlen: the bits of the info word that may be set. */
const INFO_MASK = 0x9f00ffff;
const INT_DATA_MASK = 0x0fffffff;

interface RecordAt {
  input: Input;
  log: Log;
  id: number;
  /** Bytes of the type section behind the head. */
  left: number;
}

/** Answers how many bytes follow the head. */
type RecordCheck = (record: RecordAt) => number;

function needs({ log, id, left }: RecordAt, needed: number): void {
  if (left < needed) log.failHead(EINVAL, id, `meta_left:${left} meta_needed:${needed}`);
}

function noMembers({ input, log, id }: RecordAt): void {
  if (input.vlen(id) !== 0) log.failType(EINVAL, id, "vlen != 0");
}

function noFlag({ input, log, id }: RecordAt): void {
  if (input.flag(id)) log.failType(EINVAL, id, "Invalid btf_info kind_flag");
}

function noName({ input, log, id }: RecordAt): void {
  if (input.nameOffset(id) !== 0) log.failType(EINVAL, id, "Invalid name");
}

function identifierOrNone({ input, log, id }: RecordAt): void {
  const name = input.nameOffset(id);
  if (name !== 0 && !isIdentifier(input.strings, name)) log.failType(EINVAL, id, "Invalid name");
}

function identifier({ input, log, id }: RecordAt): void {
  const name = input.nameOffset(id);
  if (name === 0 || !isIdentifier(input.strings, name)) log.failType(EINVAL, id, "Invalid name");
}

/** A tag's text may hold anything, but something. */
function anyText({ input, log, id }: RecordAt, reason: string): void {
  if (input.strings[input.nameOffset(id)] === 0) log.failType(EINVAL, id, reason);
}

function isUsableId(id: number): boolean {
  return id !== 0 && id <= BTF_MAX_TYPE;
}

const checkInt: RecordCheck = (record) => {
  const { input, log, id } = record;
  needs(record, 4);
  noMembers(record);
  noFlag(record);
  const data = input.extra(id, 0);
  if ((data & ~INT_DATA_MASK) !== 0) log.failHead(EINVAL, id, `Invalid int_data:${data.toString(16)}`);
  const bits = (data & 0xff) + ((data >>> 16) & 0xff);
  if (bits > 128) log.failType(EINVAL, id, "nr_bits exceeds 128");
  if (Math.ceil(bits / 8) > input.third(id)) log.failType(EINVAL, id, "nr_bits exceeds type_size");
  const encoding = (data >>> 24) & 0xf;
  if (encoding !== 0 && encoding !== BTF_INT_SIGNED && encoding !== BTF_INT_CHAR && encoding !== BTF_INT_BOOL)
    log.failType(ENOTSUPP, id, "Unsupported encoding");
  log.traceType(id);
  return 4;
};

function checkReference(record: RecordAt, checkName: (record: RecordAt) => void, mayHaveFlag: boolean): number {
  const { input, log, id } = record;
  noMembers(record);
  if (!mayHaveFlag) noFlag(record);
  if (input.third(id) > BTF_MAX_TYPE) log.failType(EINVAL, id, "Invalid type_id");
  checkName(record);
  log.traceType(id);
  return 0;
}

const checkNameless: RecordCheck = (record) => checkReference(record, noName, false);

const checkArray: RecordCheck = (record) => {
  const { input, log, id } = record;
  needs(record, 12);
  noName(record);
  noMembers(record);
  noFlag(record);
  if (input.third(id) !== 0) log.failType(EINVAL, id, "size != 0");
  if (!isUsableId(input.extra(id, 0))) log.failType(EINVAL, id, "Invalid elem");
  if (!isUsableId(input.extra(id, 1))) log.failType(EINVAL, id, "Invalid index");
  log.traceType(id);
  return 12;
};

const checkStruct: RecordCheck = (record) => {
  const { input, log, id } = record;
  const count = input.vlen(id);
  needs(record, count * 12);
  identifierOrNone(record);
  log.traceType(id);
  const isUnion = input.kind(id) === "union";
  const size = input.third(id);
  let last = 0;
  for (let i = 0; i < count; i++) {
    const member = input.member(id, i);
    const fail = (reason: string): never => log.failMember(EINVAL, id, member, reason);
    if (!input.isNameOffset(member.name)) fail(`Invalid member name_offset:${member.name}`);
    if (member.name !== 0 && !isIdentifier(input.strings, member.name)) fail("Invalid name");
    if (!isUsableId(member.type)) fail("Invalid type_id");
    const offset = input.flag(id) ? member.offset & 0xffffff : member.offset;
    // Members may start at the same place, as a flexible array does behind nothing.
    if ((isUnion && offset !== 0) || last > offset) fail("Invalid member bits_offset");
    if (Math.ceil(offset / 8) > size) fail("Member bits_offset exceeds its struct size");
    log.traceMember(id, member);
    last = offset;
  }
  return count * 12;
};

function checkEnumeration(record: RecordAt, words: 2 | 3): number {
  const { input, log, id } = record;
  const count = input.vlen(id);
  needs(record, count * words * 4);
  const size = input.third(id);
  if (![1, 2, 4, 8].includes(size)) log.failType(EINVAL, id, "Unexpected size");
  identifierOrNone(record);
  log.traceType(id);
  const signed = input.flag(id);
  for (let i = 0; i < count; i++) {
    const name = input.extra(id, i * words);
    if (!input.isNameOffset(name)) log.fail(EINVAL, `\tInvalid name_offset:${name}`);
    if (name === 0 || !isIdentifier(input.strings, name)) log.failType(EINVAL, id, "Invalid name");
    const low = input.extra(id, i * words + 1);
    let value: number | bigint = signed ? low | 0 : low;
    if (words === 3) {
      const bits = (BigInt(input.extra(id, i * words + 2)) << 32n) | BigInt(low);
      value = signed ? BigInt.asIntN(64, bits) : bits;
    }
    log.trace(`\t${input.shown(name)} val=${value}\n`);
  }
  return count * words * 4;
}

const checkFwd: RecordCheck = (record) => {
  const { input, log, id } = record;
  noMembers(record);
  if (input.third(id) !== 0) log.failType(EINVAL, id, "type != 0");
  identifier(record);
  log.traceType(id);
  return 0;
};

const checkFunc: RecordCheck = (record) => {
  const { input, log, id } = record;
  identifier(record);
  if (input.vlen(id) > 1) log.failType(EINVAL, id, "Invalid func linkage");
  noFlag(record);
  log.traceType(id);
  return 0;
};

const checkFuncProto: RecordCheck = (record) => {
  const { input, log, id } = record;
  const needed = input.vlen(id) * 8;
  needs(record, needed);
  noName(record);
  noFlag(record);
  log.traceType(id);
  return needed;
};

const checkVar: RecordCheck = (record) => {
  const { input, log, id } = record;
  needs(record, 4);
  noMembers(record);
  noFlag(record);
  identifier(record);
  if (!isUsableId(input.third(id))) log.failType(EINVAL, id, "Invalid type_id");
  if (input.extra(id, 0) > 1) log.failType(EINVAL, id, "Linkage not supported");
  log.traceType(id);
  return 4;
};

const checkDatasec: RecordCheck = (record) => {
  const { input, log, id } = record;
  const count = input.vlen(id);
  needs(record, count * 12);
  const total = input.third(id);
  if (total === 0) log.failType(EINVAL, id, "size == 0");
  noFlag(record);
  const name = input.nameOffset(id);
  if (name === 0 || !isSectionName(input.strings, name)) log.failType(EINVAL, id, "Invalid name");
  log.traceType(id);
  let end = 0;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const type = input.extra(id, i * 3);
    const offset = input.extra(id, i * 3 + 1);
    const size = input.extra(id, i * 3 + 2);
    const fail = (reason: string): never => log.failVariable(EINVAL, id, type, offset, size, reason);
    if (!isUsableId(type)) fail("Invalid type_id");
    if (offset < end || offset >= total) fail("Invalid offset");
    if (size === 0 || size > total) fail("Invalid size");
    // The kernel adds in 32 bits.
    end = (offset + size) >>> 0;
    if (end > total) fail("Invalid offset+size");
    log.traceVariable(id, type, offset, size);
    sum += size;
  }
  if (total < sum) log.failType(EINVAL, id, "Invalid btf_info size");
  return count * 12;
};

const checkFloat: RecordCheck = (record) => {
  const { input, log, id } = record;
  noMembers(record);
  noFlag(record);
  if (![2, 4, 8, 12, 16].includes(input.third(id))) log.failType(EINVAL, id, "Invalid type_size");
  log.traceType(id);
  return 0;
};

const checkDeclTag: RecordCheck = (record) => {
  const { input, log, id } = record;
  needs(record, 4);
  anyText(record, "Invalid value");
  noMembers(record);
  if ((input.extra(id, 0) | 0) < -1) log.failType(EINVAL, id, "Invalid component_idx");
  log.traceType(id);
  return 4;
};

const RECORD_CHECKS: Readonly<Record<Exclude<BtfKind, "void">, RecordCheck>> = {
  int: checkInt,
  ptr: checkNameless,
  array: checkArray,
  struct: checkStruct,
  union: checkStruct,
  enum: (record) => checkEnumeration(record, 2),
  fwd: checkFwd,
  typedef: (record) => checkReference(record, identifier, false),
  volatile: checkNameless,
  const: checkNameless,
  restrict: checkNameless,
  func: checkFunc,
  func_proto: checkFuncProto,
  var: checkVar,
  datasec: checkDatasec,
  float: checkFloat,
  decl_tag: checkDeclTag,
  type_tag: (record) => checkReference(record, (r) => anyText(r, "Invalid name"), true),
  enum64: (record) => checkEnumeration(record, 3),
};
