import type { Btf, BtfFuncProto } from "@bpf-ts/btf";
import type { VerifierMap } from "../../types.ts";
import type { BtfField } from "../record/record.ts";

/**
 * A call of a kernel function, and what the checks of its arguments find out for each other and for the result.
 *
 * @see v6.18 kernel/bpf/verifier.c, struct bpf_kfunc_call_arg_meta
 */
export class KfuncMeta {
  readonly name: string;
  readonly funcId: number;
  /** KF_* */
  readonly flags: number;
  readonly btf: Btf;
  readonly proto: BtfFuncProto;
  readonly insnIdx: number;
  refObjId = 0;
  releaseRegno = 0;
  subprogno = 0;
  /** Value of the one argument that must be a constant. */
  argConstant: bigint | undefined;
  /** Bytes behind the pointer that the function returns, 0 if its type tells. */
  r0Size = 0;
  r0Rdonly = false;
  /** Type of the object given. */
  argBtf: Btf | null = null;
  argBtfId = 0;
  /** The object given is owned, not borrowed. */
  argOwningRef = false;
  map: VerifierMap | null = null;
  mapUid = 0;
  /** The dynptr given. */
  dynptr: { readonly type: number; readonly id: number; readonly refObjId: number } | undefined;
  /** The iterator given. */
  iter: { readonly spi: number; readonly frameno: number } | undefined;
  listHead: BtfField | undefined;
  rbRoot: BtfField | undefined;

  constructor(name: string, funcId: number, flags: number, btf: Btf, proto: BtfFuncProto, insnIdx: number) {
    this.name = name;
    this.funcId = funcId;
    this.flags = flags;
    this.btf = btf;
    this.proto = proto;
    this.insnIdx = insnIdx;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }
}
