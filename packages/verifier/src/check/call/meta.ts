import type { Btf } from "@bpf-ts/btf";
import type { HelperProto } from "@bpf-ts/uapi";
import type { VerifierMap } from "../../types.ts";
import type { Kptr } from "./kptr.ts";

/**
 * What the checks of a helper call's arguments find out for each other and for the result.
 *
 * @see v6.18 kernel/bpf/verifier.c, struct bpf_call_arg_meta
 */
export class CallMeta {
  /** 0 in checks of a global function's arguments. */
  readonly funcId: number;
  readonly proto: HelperProto | undefined;
  readonly insnIdx: number;
  map: VerifierMap | null = null;
  mapUid = 0;
  /** The memory argument just seen is one that the helper fills: it need not be initialised. */
  rawMode = false;
  /** Stack that the helper fills: register that points to it, and bytes. */
  rawRegno = 0;
  accessSize = 0;
  /** Bytes behind the pointer that the helper returns. */
  memSize = 0;
  /** Upper bound of a size argument, which some helpers' results share. */
  msizeMaxValue = 0n;
  /** Reference that one of the arguments carries, 0 for none. */
  refObjId = 0;
  /** Register whose reference is released by the call, 0 for none. */
  releaseRegno = 0;
  subprogno = 0;
  dynptrId = 0;
  /** Key of an array look-up where it is a constant, else -1. */
  constMapKey = -1n;
  retBtf: Btf | null = null;
  retBtfId = 0;
  /** Field of a map's value that the call exchanges. */
  kptr: Kptr | undefined;
  /** The per-CPU argument is an object that the program allocated. */
  percpuAlloc = false;
  /** This very call invalidates packet pointers, whatever its prototype says. */
  changesPktData = false;

  constructor(proto: HelperProto | undefined, insnIdx: number) {
    this.proto = proto;
    this.funcId = proto?.id ?? 0;
    this.insnIdx = insnIdx;
  }

  /** `bpf_<name>` of the helper as the kernel's log has it, `map_lookup_elem`'s prefix included. */
  get funcName(): string {
    return this.proto === undefined ? "unknown" : `bpf_${this.proto.name}`;
  }
}
