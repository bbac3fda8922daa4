import type { BtfName } from "./types.ts";

/** A map to create, the same on both kernels. Plain data, so that what differs can be shown and shrunk. */
export interface MapSpec {
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly extra?: bigint;
  readonly numaNode?: number;
  readonly name?: string;
  /** The template of a map of maps: one of the world's objects, or what is no map. */
  readonly inner?: string;
  /** Which of the types of `types.ts` describe it. */
  readonly btf?: BtfName;
  /** Which of its types are key and value; a u32 and the value unless told otherwise. */
  readonly types?: TypeUse;
  /** The structure of the kernel that a struct_ops map is for. */
  readonly kernelType?: string;
  /** Keys that operations name are 0 … keys - 1. */
  readonly keys: number;
}

/** How the types of a map's BTF are used. */
export interface TypeUse {
  readonly key: TypeName | "none";
  readonly value: TypeName | "none";
  /** The BTF's fd, or one that is none, or the kernel's own BTF. */
  readonly fd: "own" | "closed" | "kernel" | "program";
}

/** Types that every BTF of `types.ts` has; `void` is type 0 where `none` is no type, `missing` is beyond the last. */
export type TypeName = "u32" | "u64" | "struct8" | "struct16" | "value" | "section" | "void" | "missing";

/** One operation. Keys, values and objects are numbers; what they stand for follows from the map and the family. */
export type Op =
  | { readonly op: "lookup"; readonly k: number; readonly flags: bigint }
  | { readonly op: "take"; readonly k: number; readonly flags: bigint }
  | { readonly op: "update"; readonly k: number; readonly v: number; readonly flags: bigint }
  | { readonly op: "delete"; readonly k: number }
  | { readonly op: "next"; readonly k: number | null }
  /** All keys in turn. */
  | { readonly op: "walk" }
  | {
      readonly op: "lookupBatch";
      readonly start: number | null;
      readonly count: number;
      readonly flags: bigint;
      readonly take: boolean;
    }
  /** All elements, `count` at a time. */
  | { readonly op: "walkBatch"; readonly count: number; readonly take: boolean }
  | { readonly op: "updateBatch"; readonly ks: readonly number[]; readonly v: number; readonly flags: bigint }
  | { readonly op: "deleteBatch"; readonly ks: readonly number[]; readonly flags: bigint }
  /** Keys 0 … n - 1, as many as the map may hold. */
  | { readonly op: "fill"; readonly n: number }
  | { readonly op: "freeze" }
  | { readonly op: "info" }
  /** The last fd but another one is closed, and a new one asked for by id. */
  | { readonly op: "reopen" }
  /** A program does it. */
  | { readonly op: "run"; readonly call: ProgramCall; readonly k: number; readonly v: number; readonly flags: bigint }
  /** What an fd stands for goes into an element. */
  | { readonly op: "store"; readonly k: number; readonly object: number; readonly flags: bigint }
  /** An object is the key: storage. */
  | { readonly op: "ownerLookup"; readonly object: number; readonly flags: bigint }
  | { readonly op: "ownerUpdate"; readonly object: number; readonly v: number; readonly flags: bigint }
  | { readonly op: "ownerDelete"; readonly object: number }
  /** An open file is closed: it leaves the maps that hold it. */
  | { readonly op: "forget"; readonly object: number }
  /** Memory that user space maps. */
  | { readonly op: "memory"; readonly page: number; readonly at: number; readonly v: number; readonly write: boolean }
  | { readonly op: "ring"; readonly what: "eat" | "data" | "positions"; readonly n: number };

/** What programs call. */
export type ProgramCall =
  | "lookup"
  | "lookupPercpu"
  | "update"
  | "delete"
  | "push"
  | "pop"
  | "peek"
  | "forEach"
  | "forEachDelete"
  | "ringbufOutput"
  | "ringbufQuery"
  | "lockedAdd";

/** Whether user space sees a value of each CPU. */
export function isPercpu(type: number): boolean {
  return [5, 6, 10, 21].includes(type);
}

/** Whether batches go by buckets. */
export function isHashTable(type: number): boolean {
  return [1, 5, 9, 10, 13].includes(type);
}
