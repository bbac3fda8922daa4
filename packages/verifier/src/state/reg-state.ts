import type { Btf } from "@bpf-ts/btf";
import { type Scalar, UNKNOWN, ZERO } from "../domain/index.ts";
import type { VerifierMap } from "../types.ts";
import { NOT_INIT, PTR_MAYBE_NULL, PTR_TO_STACK, SCALAR_VALUE } from "./reg-type.ts";

/** `range` of a packet pointer that was compared with pkt_end: exactly at it, or known to lie beyond. */
export const AT_PKT_END = -1;
export const BEYOND_PKT_END = -2;

/**
 * What is known of one register or spilled slot. Immutable and shared: states that agree on a register hold the same object, and a change
 * makes a new one.
 *
 * `obj`, `u1` and `u2` are the kernel's union; read them through the getters named after its members.
 *
 * @see v6.18 include/linux/bpf_verifier.h, struct bpf_reg_state
 */
export class RegState {
  /** Base type and modifiers. */
  readonly type: number;
  /** Pointers: fixed part of the offset, bytes. Scalars linked by id: constant delta. */
  readonly off: number;
  /** The number itself, or the variable part of a pointer's offset. */
  readonly scalar: Scalar;
  /** Ties together registers that hold the same value or pointer; 0 for none. */
  readonly id: number;
  /** id of the reference that this pointer owns or is derived from; 0 for none. */
  readonly refObjId: number;
  /** PTR_TO_STACK: whose frame. */
  readonly frameno: number;
  /** Scalars: bounds matter for safety. */
  readonly precise: boolean;
  readonly obj: VerifierMap | Btf | null;
  readonly u1: number;
  readonly u2: number;

  constructor(
    type: number,
    off: number,
    scalar: Scalar,
    id: number,
    refObjId: number,
    frameno: number,
    precise: boolean,
    obj: VerifierMap | Btf | null,
    u1: number,
    u2: number,
  ) {
    this.type = type;
    this.off = off;
    this.scalar = scalar;
    this.id = id;
    this.refObjId = refObjId;
    this.frameno = frameno;
    this.precise = precise;
    this.obj = obj;
    this.u1 = u1;
    this.u2 = u2;
  }

  /** Packet pointers: bytes behind `off` that are known to be in the packet; or AT_PKT_END, BEYOND_PKT_END. */
  get range(): number {
    return this.u1;
  }
  /** CONST_PTR_TO_MAP, PTR_TO_MAP_VALUE, PTR_TO_MAP_KEY. */
  get map(): VerifierMap {
    return this.obj as VerifierMap;
  }
  /** Tells look-ups of different inner maps apart. */
  get mapUid(): number {
    return this.u1;
  }
  /** PTR_TO_BTF_ID. */
  get btf(): Btf {
    return this.obj as Btf;
  }
  get btfId(): number {
    return this.u1;
  }
  /** PTR_TO_MEM: bytes. */
  get memSize(): number {
    return this.u1;
  }
  /** PTR_TO_MEM that is a slice: id of its dynptr. */
  get dynptrId(): number {
    return this.u2;
  }
  /** Dynptr slots: which kind (BPF_DYNPTR_TYPE_*). */
  get dynptrType(): number {
    return this.u1;
  }
  get dynptrFirstSlot(): boolean {
    return this.u2 !== 0;
  }
  /** Iterator slots: BPF_ITER_STATE_*. */
  get iterState(): number {
    return this.u2 & 3;
  }
  get iterDepth(): number {
    return this.u2 >> 2;
  }
  /** PTR_TO_FUNC. */
  get subprogno(): number {
    return this.u1;
  }
  /** Irq flag slots: which family of functions made it. */
  get irqClass(): number {
    return this.u1;
  }

  withType(type: number): RegState {
    return new RegState(
      type,
      this.off,
      this.scalar,
      this.id,
      this.refObjId,
      this.frameno,
      this.precise,
      this.obj,
      this.u1,
      this.u2,
    );
  }
  withOff(off: number): RegState {
    return new RegState(
      this.type,
      off,
      this.scalar,
      this.id,
      this.refObjId,
      this.frameno,
      this.precise,
      this.obj,
      this.u1,
      this.u2,
    );
  }
  withScalar(scalar: Scalar): RegState {
    return new RegState(
      this.type,
      this.off,
      scalar,
      this.id,
      this.refObjId,
      this.frameno,
      this.precise,
      this.obj,
      this.u1,
      this.u2,
    );
  }
  withId(id: number): RegState {
    return new RegState(
      this.type,
      this.off,
      this.scalar,
      id,
      this.refObjId,
      this.frameno,
      this.precise,
      this.obj,
      this.u1,
      this.u2,
    );
  }
  /** A number without ties to others. */
  unlinked(): RegState {
    if (this.id === 0 && this.off === 0) return this;
    return new RegState(
      this.type,
      0,
      this.scalar,
      0,
      this.refObjId,
      this.frameno,
      this.precise,
      this.obj,
      this.u1,
      this.u2,
    );
  }
  withRefObjId(refObjId: number): RegState {
    return new RegState(
      this.type,
      this.off,
      this.scalar,
      this.id,
      refObjId,
      this.frameno,
      this.precise,
      this.obj,
      this.u1,
      this.u2,
    );
  }
  withPrecise(precise: boolean): RegState {
    if (precise === this.precise) return this;
    return new RegState(
      this.type,
      this.off,
      this.scalar,
      this.id,
      this.refObjId,
      this.frameno,
      precise,
      this.obj,
      this.u1,
      this.u2,
    );
  }
  /** Replaces the union: see the getters for what `u1` and `u2` mean for a type. */
  withUnion(obj: VerifierMap | Btf | null, u1: number, u2: number): RegState {
    return new RegState(
      this.type,
      this.off,
      this.scalar,
      this.id,
      this.refObjId,
      this.frameno,
      this.precise,
      obj,
      u1,
      u2,
    );
  }
  withRange(range: number): RegState {
    return this.withUnion(this.obj, range, this.u2);
  }
  /** Without PTR_MAYBE_NULL. */
  nonNull(): RegState {
    return this.withType(this.type & ~PTR_MAYBE_NULL);
  }
}

/** Nothing was written: reading it is refused. */
export const REG_NOT_INIT: RegState = new RegState(NOT_INIT, 0, UNKNOWN, 0, 0, 0, false, null, 0, 0);
/** A number of which nothing is known. */
export const REG_UNKNOWN: RegState = new RegState(SCALAR_VALUE, 0, UNKNOWN, 0, 0, 0, false, null, 0, 0);
/** The number 0. */
export const REG_ZERO: RegState = new RegState(SCALAR_VALUE, 0, ZERO, 0, 0, 0, false, null, 0, 0);

/** A number. */
export function scalarReg(scalar: Scalar): RegState {
  return new RegState(SCALAR_VALUE, 0, scalar, 0, 0, 0, false, null, 0, 0);
}

/** A pointer without variable offset. */
export function pointerReg(type: number, off = 0): RegState {
  return new RegState(type, off, ZERO, 0, 0, 0, false, null, 0, 0);
}

/** A pointer to (or into) a map's value or key, or to the map itself. */
export function mapReg(type: number, map: VerifierMap, id = 0, mapUid = 0, off = 0): RegState {
  return new RegState(type, off, ZERO, id, 0, 0, false, map, mapUid, 0);
}

/** A pointer to a structure of the kernel or the program. */
export function btfReg(type: number, btf: Btf, btfId: number, id = 0, off = 0): RegState {
  return new RegState(type, off, ZERO, id, 0, 0, false, btf, btfId, 0);
}

/** A pointer to `size` bytes of memory. */
export function memReg(type: number, size: number, id = 0, refObjId = 0): RegState {
  return new RegState(type, 0, ZERO, id, refObjId, 0, false, null, size, 0);
}

/** A pointer into a frame's stack; `off` is negative. */
export function stackReg(frameno: number, off: number): RegState {
  return new RegState(PTR_TO_STACK, off, ZERO, 0, 0, frameno, false, null, 0, 0);
}
