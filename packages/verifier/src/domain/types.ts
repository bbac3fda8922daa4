/**
 * A tracked number: for each of 64 bits, known 0, known 1 or unknown.
 *
 * Both halves are unsigned 64-bit integers; a bit set in `mask` is unknown and is then clear in `value`.
 *
 * @see v6.18 include/linux/tnum.h, struct tnum
 */
export interface Tnum {
  readonly value: bigint;
  readonly mask: bigint;
}

/**
 * What is known about a 64-bit value and its low 32 bits: the abstract value of one register or spilled slot.
 *
 * Immutable. Make one only with the functions of this folder, so that the representation can change under their callers.
 *
 * @see v6.18 include/linux/bpf_verifier.h, struct bpf_reg_state
 */
export interface Scalar {
  /** Bits. */
  readonly tnum: Tnum;
  /** Signed 64-bit bounds, inclusive. */
  readonly smin: bigint;
  readonly smax: bigint;
  /** Unsigned 64-bit bounds, inclusive. */
  readonly umin: bigint;
  readonly umax: bigint;
  /** Signed bounds of the low 32 bits, inclusive. */
  readonly s32min: number;
  readonly s32max: number;
  /** Unsigned bounds of the low 32 bits, inclusive. */
  readonly u32min: number;
  readonly u32max: number;
}

/** Bounds to put in place of a scalar's own; what is left out stays. */
export type ScalarBounds = Partial<Scalar>;

/** Operand pair after a conditional jump's outcome is known. */
export interface RefinedPair {
  readonly a: Scalar;
  readonly b: Scalar;
}

/** Outcome of a conditional jump: 1 = always jumps, 0 = never jumps, -1 = unknown. */
export type BranchOutcome = 1 | 0 | -1;

/** A broken invariant, in the words the kernel logs under BPF_F_TEST_REG_INVARIANTS. */
export type BoundsViolation =
  | "range bounds violation"
  | "const tnum out of sync with range bounds"
  | "const subreg tnum out of sync with range bounds";

/**
 * What the rest of the verifier may ask of the domain. `src/domain/index.ts` exports exactly these names.
 *
 * Operation numbers (`op`) are the high nibble of an instruction's code (`code & 0xf0`): BPF_ADD 0x00 … BPF_ARSH 0xc0 for arithmetic,
 * BPF_JEQ 0x10 … BPF_JSLE 0xd0 for jumps. Every function is total and pure.
 */
export interface ScalarDomain {
  /** Nothing known (all 64 bits). */
  readonly UNKNOWN: Scalar;
  /** The constant 0. */
  readonly ZERO: Scalar;
  /** A constant; `v` is taken modulo 2^64 (negative numbers welcome). */
  constant(v: bigint | number): Scalar;
  /** Replaces bounds as they are, without drawing conclusions from them: follow with `sync`. Like assignments to fields of a register. */
  withBounds(s: Scalar, bounds: ScalarBounds): Scalar;
  /** [min, max] signed, everything else deduced (sync applied). */
  fromSignedRange(min: bigint, max: bigint): Scalar;
  /** [min, max] unsigned, everything else deduced (sync applied). */
  fromUnsignedRange(min: bigint, max: bigint): Scalar;
  /** From bits alone; everything else deduced. */
  fromTnum(tnum: Tnum): Scalar;

  /** tnum_is_const(var_off). */
  isConst(s: Scalar): boolean;
  /** tnum_subreg_is_const(var_off): low 32 bits known. */
  isSubregConst(s: Scalar): boolean;
  /** tnum_equals_const(var_off, v). */
  isConstEqual(s: Scalar, v: bigint): boolean;
  /** The value of a constant, unsigned 64-bit; of any scalar: `var_off.value`. */
  constValue(s: Scalar): bigint;
  /** The value of a constant as a signed 64-bit number. */
  constSigned(s: Scalar): bigint;
  /** All ten fields equal. */
  equalsScalar(a: Scalar, b: Scalar): boolean;
  /** range_within(old, cur) && tnum_in(old.tnum, cur.tnum): every value of cur is one of old. */
  scalarWithin(old: Scalar, cur: Scalar): boolean;
  /** range_within alone. */
  rangeWithin(old: Scalar, cur: Scalar): boolean;
  /** tnum_is_aligned(var_off + fixed, size): is every value plus `fixed` a multiple of `size` (a power of two)? */
  sumIsAligned(s: Scalar, fixed: number, size: number): boolean;
  /** Soundness of a fact: could the concrete 64-bit value (taken mod 2^64) be this scalar's? */
  contains(s: Scalar, v: bigint): boolean;

  /** adjust_scalar_min_max_vals without sanitation. `is64`: class BPF_ALU64. BPF_NEG ignores `src`. Division, modulo: unknown. */
  aluScalar(op: number, is64: boolean, dst: Scalar, src: Scalar): Scalar;
  /** maybe_fork_scalars: the two values of dst to go on with separately before AND/OR with a constant; undefined if it does not apply. */
  forkScalar(op: number, dst: Scalar, src: Scalar): { readonly ones: Scalar; readonly zero: Scalar } | undefined;
  /** scalar_byte_swap: the low `size` bytes (2, 4, 8) in reverse order, zero-extended. */
  byteSwap(s: Scalar, size: number): Scalar;
  /** is_safe_to_compute_dst_reg_range: false where aluScalar answers UNKNOWN. */
  isComputable(op: number, is64: boolean, src: Scalar): boolean;
  /** A value `delta` more than `known`, as sync_linked_regs derives it; `narrow`: in 32 bits. */
  addDelta(known: Scalar, delta: number, narrow: boolean): Scalar;
  /** Variable part of pointer + offset as adjust_ptr_min_max_vals computes it (sync applied). */
  pointerAdd(ptr: Scalar, off: Scalar): Scalar;
  /** Variable part of pointer - offset as adjust_ptr_min_max_vals computes it (sync applied). */
  pointerSub(ptr: Scalar, off: Scalar): Scalar;

  /** The low 32 bits, zero-extended: zext_32_to_64 and sync, as after a 32-bit move. */
  zext32(s: Scalar): Scalar;
  /** BPF_MOVSX / sign-extending load: the low `size` bytes (1, 2, 4) sign-extended to 64 bits (coerce_reg_to_size_sx). */
  movsx64(s: Scalar, size: number): Scalar;
  /** 32-bit BPF_MOVSX: the low `size` bytes (1, 2) sign-extended to 32 bits, then zero-extended (coerce_subreg_to_size_sx, zext, sync). */
  movsx32(s: Scalar, size: number): Scalar;
  /** The low `size` bytes (1, 2, 4; 8 = identity), zero-extended (coerce_reg_to_size). */
  truncate(s: Scalar, size: number): Scalar;

  /** is_scalar_branch_taken. */
  branchTaken(op: number, is32: boolean, a: Scalar, b: Scalar): BranchOutcome;
  /**
   * reg_set_min_max for one branch: what is known of both operands if the jump is `taken` (or not). For a jump with an immediate pass
   * `constant(imm)` (sign-extended) as b and drop the answer's b. Both synced.
   */
  refineBranch(op: number, is32: boolean, a: Scalar, b: Scalar, taken: boolean): RefinedPair;
  /** The same for `if a op a` with one register on both sides. */
  refineSelf(op: number, is32: boolean, a: Scalar, taken: boolean): Scalar;

  /** reg_bounds_sync. */
  sync(s: Scalar): Scalar;
  /** What reg_bounds_sanity_check would complain of, undefined if nothing. */
  boundsViolation(s: Scalar): BoundsViolation | undefined;
  /** __mark_reg_unbounded: what the kernel goes on with after a violation if BPF_F_TEST_REG_INVARIANTS is not set. */
  forgetRanges(s: Scalar): Scalar;
  /** The log line (no newline) for a violation; where: "alu", "true_reg1" …. */
  formatViolation(s: Scalar, where: string, violation: BoundsViolation): string;
  /** boundsViolation(s) === undefined. */
  boundsSane(s: Scalar): boolean;

  /**
   * The attributes a register's ranges and bits get in the kernel's log, comma-separated, without the enclosing `scalar(…)`:
   * `smin=0,smax=umax=255,var_off=(0x0; 0xff)`; `` if unknown. For pointers as well. Constants: see formatScalar.
   */
  formatRanges(s: Scalar): string;
  /** `5`, `-1`, `scalar()`, `scalar(umin=1)` …; prefix attributes (`id=3`) come first. */
  formatScalar(s: Scalar, prefix?: string): string;
  /** verbose_unum, verbose_snum, tnum_strn: numbers and bits as the log shows them. */
  formatUnsigned(v: bigint): string;
  formatSigned(v: bigint): string;
  formatTnum(t: Tnum): string;
  /** Reads what formatScalar writes (attributes that are no ranges are skipped), undefined if it is no scalar's text. */
  parseScalar(text: string): Scalar | undefined;
}
