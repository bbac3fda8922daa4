/**
 * Contexts as rows of fields. An access must be aligned to its size, lie within one row, and be of a width that the row allows. Rows may
 * overlap: the first that allows the access answers.
 */
import type { CtxAccess, CtxField, ProgFacts } from "../types.ts";

/** Widths that a narrowable u32 may be read with: 1, 2 or 4 bytes. */
export const NARROW_4 = 7;

/** Widths that a narrowable u64 may be read with. */
export const NARROW_8 = 15;

/** One field, or a run of like fields. */
export interface FieldRow {
  /** Offset of its first byte. */
  readonly from: number;
  /** Offset behind its last byte. */
  readonly to: number;
  /** Widths in bytes that may be read, added up (they are powers of two). Absent: none. */
  readonly read?: number;
  /** Likewise for writes. */
  readonly write?: number;
  /** Type of the register that a read yields; absent: a number. Sign-extending loads of other types are refused. */
  readonly type?: number;
  /** `ctx_field_size`. */
  readonly fieldSize?: number;
  /** Only accesses that begin at `from`. */
  readonly start?: true;
  /** Only for these expected attach types. */
  readonly attach?: readonly number[];
  /** Only for loaders with CAP_BPF. */
  readonly needsBpf?: true;
}

const SCALAR_FIELD: CtxField = {};

function fieldOf(row: FieldRow): CtxField {
  if (row.type !== undefined) return { regType: row.type };
  return row.fieldSize === undefined ? SCALAR_FIELD : { fieldSize: row.fieldSize };
}

/** CAP_BPF or CAP_SYS_ADMIN: `bpf_token_capable(…, CAP_BPF)`. */
export function bpfCapable(facts: ProgFacts): boolean {
  return facts.caps.bpf || facts.caps.sysAdmin;
}

/** CAP_PERFMON or CAP_SYS_ADMIN: `bpf_token_capable(…, CAP_PERFMON)`. */
export function perfmonCapable(facts: ProgFacts): boolean {
  return facts.caps.perfmon || facts.caps.sysAdmin;
}

/** Offset, width and direction fit the row, whoever asks. */
function fits(row: FieldRow, off: number, size: number, write: boolean): boolean {
  const widths = (write ? row.write : row.read) ?? 0;
  return off >= row.from && off + size <= row.to && (widths & size) !== 0 && (row.start !== true || off === row.from);
}

/** The program may use the row. */
function granted(row: FieldRow, facts: ProgFacts): boolean {
  return (
    (row.attach === undefined || row.attach.includes(facts.expectedAttachType)) &&
    (row.needsBpf !== true || bpfCapable(facts))
  );
}

/** The field that `rows` give for an access, undefined if they refuse it. */
export function accessRows(rows: readonly FieldRow[], facts: ProgFacts, access: CtxAccess): CtxField | undefined {
  const { off, size, write } = access;
  if (off % size !== 0) return undefined;
  for (const row of rows) {
    if (!fits(row, off, size, write) || !granted(row, facts)) continue;
    return access.ldsx === true && row.type !== undefined ? undefined : fieldOf(row);
  }
  return undefined;
}

/** Some row lets `size` bytes at `off` be read. For rows without conditions. */
export function readableRows(rows: readonly FieldRow[], off: number, size: number): boolean {
  return off % size === 0 && rows.some((row) => fits(row, off, size, false));
}

/** A `ctxAccess` over rows. */
export function rowsAccess(rows: readonly FieldRow[]): (facts: ProgFacts, access: CtxAccess) => CtxField | undefined {
  return (facts, access) => accessRows(rows, facts, access);
}
