import { BPF_MAP_TRACE_DELETE_ELEM, BPF_MAP_TRACE_UPDATE_ELEM } from "@bpf-ts/uapi/map-trace";

/** One argument of a target's context, in order. */
export interface TargetArg {
  name: string;
  /** `key` and `value` are buffers of the map's key and value size; the others are plain 64-bit numbers. */
  kind: "key" | "value" | "u64" | "long";
}

/**
 * A kind of map operation that can be traced.
 */
export interface MapTraceTarget {
  /** `BPF_MAP_TRACE_*`. */
  readonly traceType: number;
  /** As in section names: `UPDATE_ELEM`. */
  readonly operation: string;
  /** The FUNC of the kernel's BTF that a tracer names by `attach_btf_id`. */
  readonly hookFunc: string;
  /** The internal function that the rewrite calls. */
  readonly internalFunc: string;
  /** The struct of the kernel's BTF that describes the context. */
  readonly contextStruct: string;
  /** The context's arguments, 8 bytes each. */
  readonly args: readonly TargetArg[];
}

/** `bpf_map_update_elem` was called. */
export const UPDATE_ELEM_TARGET: MapTraceTarget = {
  traceType: BPF_MAP_TRACE_UPDATE_ELEM,
  operation: "UPDATE_ELEM",
  hookFunc: "bpf_map_trace__BPF_MAP_TRACE_UPDATE_ELEM",
  internalFunc: "bpf_trace_map_update_elem",
  contextStruct: "bpf_map_trace_ctx__update_elem",
  args: [
    { name: "key", kind: "key" },
    { name: "value", kind: "value" },
    { name: "flags", kind: "u64" },
    { name: "ret", kind: "long" },
  ],
};

/** `bpf_map_delete_elem` was called. */
export const DELETE_ELEM_TARGET: MapTraceTarget = {
  traceType: BPF_MAP_TRACE_DELETE_ELEM,
  operation: "DELETE_ELEM",
  hookFunc: "bpf_map_trace__BPF_MAP_TRACE_DELETE_ELEM",
  internalFunc: "bpf_trace_map_delete_elem",
  contextStruct: "bpf_map_trace_ctx__delete_elem",
  args: [
    { name: "key", kind: "key" },
    { name: "ret", kind: "long" },
  ],
};

/**
 * The targets that a kernel knows. `UPDATE_ELEM` and `DELETE_ELEM` are registered when a kernel starts; others may follow. The BTF id of a
 * target's hook is looked up the first time that a program names it.
 */
export class TargetRegistry {
  readonly #byHook = new Map<string, MapTraceTarget>();
  readonly #byBtfId = new Map<number, MapTraceTarget>();

  constructor(targets: readonly MapTraceTarget[] = [UPDATE_ELEM_TARGET, DELETE_ELEM_TARGET]) {
    for (const target of targets) this.register(target);
  }

  /** @throws Error if the hook's name or the trace type is taken: a defect of the caller. */
  register(target: MapTraceTarget): void {
    for (const known of this.#byHook.values()) {
      if (known.hookFunc === target.hookFunc || known.traceType === target.traceType) {
        throw new Error(`map trace target ${target.hookFunc} (${target.traceType}) is already registered`);
      }
    }
    this.#byHook.set(target.hookFunc, target);
  }

  unregister(target: MapTraceTarget): void {
    this.#byHook.delete(target.hookFunc);
    for (const [id, known] of this.#byBtfId) if (known === target) this.#byBtfId.delete(id);
  }

  isRegistered(target: MapTraceTarget): boolean {
    return this.#byHook.get(target.hookFunc) === target;
  }

  /**
   * The target whose hook is the FUNC `btfId` of the kernel's BTF.
   *
   * @param nameOfFunc the FUNC's name, undefined if `btfId` is no FUNC
   */
  byBtfId(btfId: number, nameOfFunc: (btfId: number) => string | undefined): MapTraceTarget | undefined {
    const learned = this.#byBtfId.get(btfId);
    if (learned !== undefined) return learned;
    const name = nameOfFunc(btfId);
    const target = name === undefined ? undefined : this.#byHook.get(name);
    if (target !== undefined) this.#byBtfId.set(btfId, target);
    return target;
  }

  byTraceType(traceType: number): MapTraceTarget | undefined {
    for (const target of this.#byHook.values()) if (target.traceType === traceType) return target;
    return undefined;
  }

  [Symbol.iterator](): IterableIterator<MapTraceTarget> {
    return this.#byHook.values();
  }
}
