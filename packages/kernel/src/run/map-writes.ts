import type { MapTable } from "@bpf-ts/maps";
import { BPF_MAP_TYPE_PERCPU_ARRAY } from "@bpf-ts/uapi/map-types";
import type { FunctionCalls } from "../hooks/function-calls.ts";
import type { MapObject } from "../objects/map-object.ts";

/** The functions that a successful update and delete call: what the v4 form of map tracing attaches to. */
const UPDATE_HOOK = "bpf_map_trace_update_elem";
const DELETE_HOOK = "bpf_map_trace_delete_elem";

/**
 * Updates and deletes with everything that is to happen around them. Helpers, bpf(2) and batches go through here; iteration and look-ups do not
 * need to.
 */
export class MapWrites {
  readonly #calls: FunctionCalls;
  readonly #maps: MapTable;

  constructor(calls: FunctionCalls, maps: MapTable) {
    this.#calls = calls;
    this.#maps = maps;
  }

  /** `bpf_map_update_elem` of a program: 0 or a negative errno. `flags`: low 32 bits, or -1 where the high ones are not zero. */
  update(map: MapObject, key: number, value: number, flags: number, cpu: number): number {
    const ret = map.map.update(key, value, flags, cpu);
    return ret === 0 ? this.updated(map, key, value, flags, cpu) : ret;
  }

  /** `bpf_map_delete_elem` of a program: 0 or a negative errno. */
  delete(map: MapObject, key: number, cpu: number): number {
    const ret = map.map.delete(key);
    return ret === 0 ? this.deleted(map, key, cpu) : ret;
  }

  /** Whether an update by bpf(2) calls the hook function: that of PERCPU_ARRAY takes another way. */
  firesOnSysUpdate(map: MapObject): boolean {
    return map.def.type !== BPF_MAP_TYPE_PERCPU_ARRAY;
  }

  /** The update succeeded: calls the hook function. An fmod_ret program's value takes the place of 0; the change stays. */
  updated(map: MapObject, key: number, value: number, flags: number, cpu: number): number {
    if (this.#calls.get(UPDATE_HOOK)!.isBare) return 0;
    return this.#call(UPDATE_HOOK, cpu, [BigInt(map.handle), BigInt(key), BigInt(value), BigInt(flags >>> 0)]);
  }

  /** The delete succeeded. */
  deleted(map: MapObject, key: number, cpu: number): number {
    if (this.#calls.get(DELETE_HOOK)!.isBare) return 0;
    return this.#call(DELETE_HOOK, cpu, [BigInt(map.handle), BigInt(key)]);
  }

  /** Key and value may lie in an element that the operation freed: it stays as it is until all programs have seen it. */
  #call(name: string, cpu: number, args: readonly bigint[]): number {
    const ret = this.#maps.keepDeleted(() => this.#calls.call(name, cpu, args, () => 0n));
    return Number(BigInt.asIntN(32, ret));
  }
}
