import type { Memory } from "@bpf-ts/memory";
import type { MapDef } from "@bpf-ts/uapi";
import { EBADF } from "@bpf-ts/uapi/errno";
import { CodeCache } from "./code/cache.ts";
import { type CreateOptions, createIn } from "./create.ts";
import { HEADER_INDEX } from "./header.ts";
import type { BpfMap, MapHooks } from "./map.ts";
import { TableState } from "./table-state.ts";

/** Facts about the machine that map types depend on. */
export interface MachineFacts {
  /** Possible CPUs; 4 unless told otherwise. */
  readonly cpus: number;
  /** NUMA nodes; 1 unless told otherwise. */
  readonly numaNodes: number;
  /** The kernel's `CONFIG_NR_CPUS`: what a CPU map's size is limited by. 256 unless told otherwise. */
  readonly nrCpus: number;
  /** `kernel.perf_event_max_stack`; 127 unless told otherwise. */
  readonly perfEventMaxStack: number;
}

/** How a {@link MapTable} is made. */
export interface MapTableOptions extends Partial<MachineFacts> {
  hooks?: MapHooks;
  /** Where hash seeds come from, 32 bits each; a fixed sequence unless told otherwise, so that runs repeat. */
  random32?: () => number;
}

/**
 * One operation, callable with nothing but addresses: what programs' helpers and compiled programs call. `map` is the map's handle. The CPU is
 * the table's {@link MapTable.cpu}. A look-up returns the value's address as i32.
 */
export type MapOperation = (map: number, key: number, value: number, flags: number) => number;

/** The operations of a map ({@link BpfMap.ops}), or of whichever map the handle names ({@link MapTable.ops}). */
export interface MapOperations {
  readonly lookup: MapOperation;
  readonly update: MapOperation;
  readonly delete: MapOperation;
  readonly push: MapOperation;
  readonly pop: MapOperation;
  readonly peek: MapOperation;
  /** `flags` is the CPU. */
  readonly lookupPercpu: MapOperation;
}

/** All maps of one memory: finds a map by its handle, and knows whether a program may still hold pointers into elements that were deleted. */
export class MapTable {
  readonly memory: Memory;
  readonly facts: MachineFacts;
  readonly hooks: MapHooks;
  readonly random32: () => number;
  /** What the code of maps' operations knows of this table. For map implementations. */
  readonly state: TableState;
  /** The code of maps' operations. For map implementations. */
  readonly code: CodeCache;
  readonly ops: MapOperations;
  readonly #maps: (BpfMap | undefined)[] = [];
  readonly #freeIndexes: number[] = [];
  #pins = 0;
  /** Maps with elements that wait for the last reader. */
  readonly #waiting: Set<{ reclaim(): void }> = new Set();

  constructor(memory: Memory, options: MapTableOptions = {}) {
    this.memory = memory;
    this.state = new TableState(memory);
    this.code = new CodeCache(memory);
    this.facts = {
      cpus: options.cpus ?? 4,
      numaNodes: options.numaNodes ?? 1,
      nrCpus: options.nrCpus ?? 256,
      perfEventMaxStack: options.perfEventMaxStack ?? 127,
    };
    this.hooks = options.hooks ?? {};
    this.random32 = options.random32 ?? fixedSequence();
    this.ops = {
      lookup: (map, key, value, flags) => this.get(map)?.ops.lookup(map, key, value, flags) ?? 0,
      update: (map, key, value, flags) => this.get(map)?.ops.update(map, key, value, flags) ?? -EBADF,
      delete: (map, key, value, flags) => this.get(map)?.ops.delete(map, key, value, flags) ?? -EBADF,
      push: (map, key, value, flags) => this.get(map)?.ops.push(map, key, value, flags) ?? -EBADF,
      pop: (map, key, value, flags) => this.get(map)?.ops.pop(map, key, value, flags) ?? -EBADF,
      peek: (map, key, value, flags) => this.get(map)?.ops.peek(map, key, value, flags) ?? -EBADF,
      lookupPercpu: (map, key, value, cpu) => this.get(map)?.ops.lookupPercpu(map, key, value, cpu) ?? 0,
    };
  }

  /**
   * Makes a map, as `BPF_MAP_CREATE` does.
   *
   * @throws MapError with Linux's errno; nothing has changed then.
   * @throws UnsupportedError for what is not modelled.
   */
  create(def: MapDef, options: CreateOptions = {}): BpfMap {
    return createIn(this, def, options);
  }

  /** The map of this handle; undefined if there is none. */
  get(handle: number): BpfMap | undefined {
    const index = this.memory.u32[((handle >>> 0) + HEADER_INDEX) >>> 2];
    const map = index === undefined ? undefined : this.#maps[index];
    return map !== undefined && map.handle === handle >>> 0 ? map : undefined;
  }

  /** All maps. */
  maps(): BpfMap[] {
    return this.#maps.filter((map) => map !== undefined);
  }

  /** The CPU on which operations of {@link ops} run. */
  get cpu(): number {
    return this.state.cpu;
  }

  set cpu(cpu: number) {
    this.state.cpu = cpu;
  }

  /** Counts {@link enter} from idle: elements freed at an earlier epoch are no longer held by anybody. */
  get epoch(): number {
    return this.state.epoch;
  }

  /** A program begins to run: from now on deleted elements are kept. Nests. */
  enter(): void {
    if (this.state.readers++ === 0) this.state.epoch++;
  }

  /** A program has ended; when the last one has, deleted elements become free. */
  leave(): void {
    if (this.state.readers === 0) throw new Error("leave without enter");
    if (--this.state.readers > 0) return;
    for (const map of this.#waiting) map.reclaim();
    this.#waiting.clear();
  }

  /** Whether a program runs. */
  get busy(): boolean {
    return this.state.readers > 0;
  }

  /**
   * Runs `body`, during which no deleted element is used again, however many wait and however little memory there is: somebody reads keys and
   * values that may lie in them. Nests.
   */
  keepDeleted<T>(body: () => T): T {
    this.#pins++;
    try {
      return body();
    } finally {
      this.#pins--;
    }
  }

  /** Whether deleted elements must stay as they are, see {@link keepDeleted}. */
  get keepsDeleted(): boolean {
    return this.#pins > 0;
  }

  /** Calls `owner.reclaim()` when the last program has ended. For map implementations. */
  whenIdle(owner: { reclaim(): void }): void {
    this.#waiting.add(owner);
  }

  /** Forgets {@link whenIdle}. For map implementations. */
  forget(owner: { reclaim(): void }): void {
    this.#waiting.delete(owner);
  }

  /** Enters a map; its index goes to the header. For map implementations. */
  add(map: BpfMap): number {
    const index = this.#freeIndexes.pop() ?? this.#maps.length;
    this.#maps[index] = map;
    return index;
  }

  /** Removes a map. For map implementations. */
  remove(index: number): void {
    this.#maps[index] = undefined;
    this.#freeIndexes.push(index);
  }
}

/** Marsaglia's xorshift32 from a fixed seed: seeds need to differ from map to map, not to be secret. */
function fixedSequence(): () => number {
  let state = 0x2545f491;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
